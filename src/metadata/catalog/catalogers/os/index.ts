/** Operating-system packages and what else is installed as a whole. The distribution comes first. */
import type { Cataloger } from '../../cataloger.ts';
import { alpm } from './alpm.ts';
import { apk } from './apk.ts';
import { apple } from './apple.ts';
import { bitnami } from './bitnami.ts';
import { chisel } from './chisel.ts';
import { cos } from './cos.ts';
import { dpkg } from './dpkg.ts';
import { flatpak } from './flatpak.ts';
import { homebrew } from './homebrew.ts';
import { nix } from './nix.ts';
import { osRelease } from './os-release.ts';
import { portage } from './portage.ts';
import { rpm } from './rpm.ts';
import { snap } from './snap.ts';
import { spack } from './spack.ts';

export const osCatalogers: readonly Cataloger[] = [
  osRelease,
  dpkg,
  apk,
  rpm,
  alpm,
  portage,
  chisel,
  cos,
  nix,
  snap,
  flatpak,
  homebrew,
  apple,
  spack,
  bitnami,
];
