/**
 * Go modules. Module paths keep their case here; package URLs written by some tools fold it, so names are compared folded.
 * Versions are semantic with a leading `v` (or `go` for the toolchain); `+incompatible` has no order.
 */
import type { Ecosystem } from './ecosystem.ts';
import { compareSemver } from './semver.ts';

export const golang: Ecosystem = {
  purlType: 'golang',
  osvNames: ['Go'],
  compare: compareSemver,
  normalizeName: (name) => name.toLowerCase(),
  packageName: (purl) => (purl.namespace === undefined ? purl.name : `${purl.namespace}/${purl.name}`),
  advisoryEcosystems: () => ['Go'],
  advisoryVersion: (version) => version.replace(/^(?:v|go)(?=\d)/, '').replace(/[+ ].*$/s, ''),
  whyIncomparable: (version) =>
    /\d/.test(version) && !version.includes('(devel)') && !version.startsWith('UNKNOWN')
      ? undefined
      : `version "${version}" of a main module says nothing about its age`,
};
