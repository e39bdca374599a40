/** The npm family: what lies in node_modules before what lock files want, since it says more. */
import type { Cataloger } from '../../cataloger.ts';
import { npmInstalled } from './npm-installed.ts';
import { npmLock } from './npm-lock.ts';

export const javascriptCatalogers: readonly Cataloger[] = [npmInstalled, npmLock];
