/** Distributions as published scanners name them. */
import type { Distro } from '../../../src/metadata/ecosystem/index.ts';
import type { Expectation } from './expectation.ts';

/** Families as their origin calls them, where that is not the ID of os-release. */
const FAMILY_IDS: Readonly<Record<string, string>> = {
  alma: 'almalinux',
  azure: 'azurelinux',
  cblmariner: 'mariner',
  centosstream: 'centos',
  opensuseleap: 'opensuse',
  opensusetumbleweed: 'opensuse',
  oracle: 'ol',
  redhat: 'rhel',
  slemicro: 'sle-micro',
};

export function compareDistro(expectation: Expectation, found: Distro | undefined): string | undefined {
  const family = expectation.os?.family.toLowerCase() ?? '';
  const agrees =
    expectation.os === undefined
      ? found?.versionId === undefined
      : found?.id.startsWith(FAMILY_IDS[family] ?? family) === true &&
        (found.versionId ?? found.codename) === expectation.os.name;
  return agrees ? undefined : `expected ${JSON.stringify(expectation.os)}, found ${JSON.stringify(found)}`;
}
