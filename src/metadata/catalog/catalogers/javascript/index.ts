/** The npm family: what lies in node_modules before what lock files want, since it says more. */
import type { Cataloger } from '../../cataloger.ts';
import { bunLock } from './bun-lock.ts';
import { denoLock } from './deno-lock.ts';
import { npmInstalled } from './npm-installed.ts';
import { npmLock } from './npm-lock.ts';
import { npmManifest } from './npm-manifest.ts';
import { npmProject } from './npm-project.ts';
import { pnpmLock } from './pnpm-lock.ts';
import { vscodeExtension } from './vscode-extension.ts';
import { yarnLock } from './yarn-lock.ts';

export const javascriptCatalogers: readonly Cataloger[] = [
  npmInstalled,
  vscodeExtension,
  npmLock,
  yarnLock,
  pnpmLock,
  bunLock,
  denoLock,
  npmManifest,
  npmProject,
];
