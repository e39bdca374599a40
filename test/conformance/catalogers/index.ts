/** The ecosystems of the data set. */
import { alpm } from './alpm.ts';
import { apk } from './apk.ts';
import { apple } from './apple.ts';
import { binary } from './binary.ts';
import { bitnami } from './bitnami.ts';
import { chisel } from './chisel.ts';
import { conan } from './conan.ts';
import { conda } from './conda.ts';
import { cos } from './cos.ts';
import { dart } from './dart.ts';
import { dotnet } from './dotnet.ts';
import { dpkg } from './dpkg.ts';
import { elixir } from './elixir.ts';
import { embeddedSbom } from './embedded-sbom.ts';
import { erlang } from './erlang.ts';
import { flatpak } from './flatpak.ts';
import { githubActions } from './github-actions.ts';
import { go } from './go.ts';
import { haskell } from './haskell.ts';
import { homebrew } from './homebrew.ts';
import { java } from './java.ts';
import { julia } from './julia.ts';
import { lua } from './lua.ts';
import { nix } from './nix.ts';
import { npm } from './npm.ts';
import { opam } from './opam.ts';
import { osRelease } from './os-release.ts';
import { perl } from './perl.ts';
import { php } from './php.ts';
import { portage } from './portage.ts';
import { python } from './python.ts';
import { r } from './r.ts';
import { rpm } from './rpm.ts';
import { ruby } from './ruby.ts';
import { rust } from './rust.ts';
import { snap } from './snap.ts';
import { spack } from './spack.ts';
import { swift } from './swift.ts';
import type { EcosystemCases } from './table.ts';

/** By the name of the data set's folder. */
export const ECOSYSTEMS: Readonly<Record<string, EcosystemCases>> = {
  alpm,
  apk,
  apple,
  binary,
  bitnami,
  chisel,
  conan,
  conda,
  cos,
  dart,
  dotnet,
  dpkg,
  elixir,
  'embedded-sbom': embeddedSbom,
  erlang,
  flatpak,
  'github-actions': githubActions,
  go,
  haskell,
  homebrew,
  java,
  julia,
  lua,
  nix,
  npm,
  opam,
  'os-release': osRelease,
  perl,
  php,
  portage,
  python,
  r,
  rpm,
  ruby,
  rust,
  snap,
  spack,
  swift,
};
