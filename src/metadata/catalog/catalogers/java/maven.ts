/** Coordinates of Maven: `group:artifact` and a version. */
import type { PurlParts } from '../../../ecosystem/index.ts';
import type { Given } from '../../components.ts';
import type { Locked } from '../../locked.ts';

const PART = /^[A-Za-z0-9_.$-]{1,256}$/;
/** No blanks, no range, no property that nobody filled in. */
const VERSION = /^[^\s:/\\[\](),${}]{1,256}$/;

/** Of an artifact without a group there is no package URL, since the type demands one. */
export function mavenPurl({ name, version }: Pick<Locked, 'name' | 'version'>): PurlParts | undefined {
  const [namespace = '', artifact = '', more] = name.split(':');
  if (more !== undefined || !PART.test(namespace) || !PART.test(artifact)) return undefined;
  return version === '' || VERSION.test(version) ? { type: 'maven', namespace, name: artifact, version } : undefined;
}

/** Undefined where group, artifact or version are none. */
export function mavenPackage(
  group: string,
  artifact: string,
  version: string,
): (Given & { readonly purl: PurlParts }) | undefined {
  const name = `${group}:${artifact}`;
  const purl = mavenPurl({ name, version });
  return purl === undefined ? undefined : { name, version, purl };
}
