/** npm: names keep their case and scope; versions are semantic. */
import type { Ecosystem } from './ecosystem.ts';
import { compareSemver } from './semver.ts';

export const npm: Ecosystem = {
  purlType: 'npm',
  osvNames: ['npm'],
  compare: compareSemver,
  normalizeName: (name) => name,
  packageName: (purl) => (purl.namespace === undefined ? purl.name : `${purl.namespace}/${purl.name}`),
  advisoryEcosystems: () => ['npm'],
  advisoryVersion: (version) => version.replace(/^[v=]+/, ''),
};
