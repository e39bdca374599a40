/** Languages with few files each: what is installed before what a project wants. */
import type { Cataloger } from '../../cataloger.ts';
import { pubLock, pubPackage } from './dart.ts';
import { cabalFreeze, stack } from './haskell.ts';
import { juliaManifest, juliaProject } from './julia.ts';
import { luaInstalled, luaRockspec } from './lua.ts';
import { opamInstalled, opamPackage, opamSwitch } from './opam.ts';
import { cpanInstalled, cpanMeta } from './perl.ts';
import { renvLock, rPackage } from './r.ts';

export const languageCatalogers: readonly Cataloger[] = [
  cpanInstalled,
  rPackage,
  luaInstalled,
  opamInstalled,
  opamSwitch,
  juliaManifest,
  juliaProject,
  pubLock,
  pubPackage,
  cabalFreeze,
  stack,
  renvLock,
  cpanMeta,
  luaRockspec,
  opamPackage,
];
