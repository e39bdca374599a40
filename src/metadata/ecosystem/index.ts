import { alpm } from './alpm.ts';
import { apk } from './apk.ts';
import { composer } from './composer.ts';
import { deb } from './deb.ts';
import { ebuild } from './ebuild.ts';
import type { Ecosystem } from './ecosystem.ts';
import { gem } from './gem.ts';
import { golang } from './golang.ts';
import { maven } from './maven.ts';
import { npm } from './npm.ts';
import { nuget } from './nuget.ts';
import { cran, hackage } from './numbered.ts';
import { pub } from './pub.ts';
import { pypi } from './pypi.ts';
import { rpm } from './rpm.ts';
import { bitnami, cargo, conan, githubActions, hex, julia, swift } from './semantic.ts';

export const ecosystems: readonly Ecosystem[] = [
  npm,
  golang,
  deb,
  apk,
  rpm,
  alpm,
  ebuild,
  pypi,
  maven,
  gem,
  nuget,
  composer,
  cargo,
  pub,
  hex,
  swift,
  cran,
  hackage,
  conan,
  julia,
  bitnami,
  githubActions,
];

/** By package URL type. */
export function findEcosystem(purlType: string): Ecosystem | undefined {
  return ecosystems.find((ecosystem) => ecosystem.purlType === purlType);
}

/** By OSV ecosystem name, with or without a release: `Debian:12`. */
export function findOsvEcosystem(osvName: string): Ecosystem | undefined {
  const base = osvName.split(':', 1)[0] ?? '';
  return ecosystems.find((ecosystem) => ecosystem.osvNames.includes(base));
}

export type { Distro, Ecosystem, Order } from './ecosystem.ts';
export { candidateCpes, formatCpe, quoteCpe } from './cpe.ts';
export { createPurl, findPurl, formatPurl, parsePurl } from './purl.ts';
export type { Purl, PurlParts } from './purl.ts';
export { compareSemver } from './semver.ts';
