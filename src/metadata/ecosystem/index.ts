import { apk } from './apk.ts';
import { deb } from './deb.ts';
import type { Ecosystem } from './ecosystem.ts';
import { golang } from './golang.ts';
import { npm } from './npm.ts';

export const ecosystems: readonly Ecosystem[] = [npm, golang, deb, apk];

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
export { createPurl, findPurl, formatPurl, parsePurl } from './purl.ts';
export type { Purl, PurlParts } from './purl.ts';
export { compareSemver } from './semver.ts';
