/** The .NET family: what is shipped before what a project wants. */
import type { Cataloger } from '../../cataloger.ts';
import { dotnetDeps } from './deps-json.ts';
import { dotnetAssembly } from './dotnet-assembly.ts';
import { dotnetBundle } from './dotnet-bundle.ts';
import { msbuildProject } from './msbuild-project.ts';
import { nugetLock } from './nuget-lock.ts';
import { packagesConfig } from './packages-config.ts';
import { paketDependencies, paketLock } from './paket.ts';
import { projectAssets } from './project-assets.ts';

export const dotnetCatalogers: readonly Cataloger[] = [
  dotnetDeps,
  dotnetBundle,
  dotnetAssembly,
  nugetLock,
  projectAssets,
  paketLock,
  packagesConfig,
  msbuildProject,
  paketDependencies,
];
