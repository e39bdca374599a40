/**
 * BSI TR-03183-2 "Software Bill of Materials", versions 2.1.0 (2025-08-20) and 2.0.0. Not judged: that logical, identified and referenced
 * components need less, as documents do not say which those are.
 */
import { areListed, hasUniqueId, isAcknowledged, isReachable, isSha512 } from '../criterion.ts';
import type { Criterion, Profile } from '../criterion.ts';
import { isUri } from '../facts/facts.ts';
import type { ComponentFacts, Party } from '../facts/facts.ts';
import { componentName, componentVersion, dependencies, primary, timestamp } from './shared.ts';

const REQUIRED = { weight: 1, required: true } as const;

function formatOf(cyclonedx: number, spdx: readonly number[]): Criterion {
  const [major = 0, minor = 0, patch = 0] = spdx;
  return {
    ...REQUIRED,
    id: 'format',
    of: 'document',
    wants: `CycloneDX 1.${cyclonedx} or newer, or SPDX ${spdx.join('.')} or newer`,
    fix: 'write a newer version of the format',
    judge: ({ family, version }) => {
      const [first = 0, second = 0, third = 0] = version.split('.').map(Number);
      if (family === 'CycloneDX') return first === 1 && second >= cyclonedx;
      // SPDX 2.2 documents do not say their third number
      return first * 100 + second * 10 + (major === 3 ? third : 9) >= major * 100 + minor * 10 + patch;
    },
  };
}

const document: readonly Criterion[] = [
  {
    ...REQUIRED,
    id: 'sbom-creator',
    of: 'document',
    wants: 'an e-mail address or URL of who made the document',
    fix: 'give the author an e-mail address, or a URL; a name alone is not enough',
    judge: ({ authors, suppliers }) => isReachable([...authors, ...suppliers]),
  },
  { ...timestamp, id: 'sbom-timestamp' },
  {
    ...REQUIRED,
    id: 'no-vulnerabilities',
    of: 'document',
    wants: 'no vulnerabilities in the document',
    fix: 'move them to a VEX or CSAF document',
    judge: ({ hasVulnerabilities }) => !hasVulnerabilities,
  },
  primary,
  {
    ...REQUIRED,
    id: 'dependency-references',
    of: 'document',
    wants: 'dependencies between components that are there',
    fix: 'take out references that lead nowhere, or add what they name',
    judge: ({ isClosed }) => isClosed,
  },
];

const sbomUri: Criterion = {
  weight: 1,
  id: 'sbom-uri',
  of: 'document',
  wants: 'a URI of the document',
  fix: 'write serialNumber in CycloneDX, documentNamespace or a spdxId that is a URI in SPDX',
  judge: ({ uri }) => uri !== undefined && isUri(uri),
};

const fileName: Criterion = {
  ...REQUIRED,
  id: 'filename',
  of: 'component',
  wants: 'the name of its file',
  fix: 'add the property bsi:component:filename, or a distribution artifact in SPDX',
  judge: (component) => component.fileName !== undefined,
};

const deployableHash: Criterion = {
  ...REQUIRED,
  id: 'deployable-hash',
  of: 'component',
  wants: 'SHA-512 of the file that is delivered',
  fix: 'add an external reference of type distribution with its SHA-512; hashes of the component do not count',
  judge: ({ deployableChecksums }) => deployableChecksums.some(isSha512),
};

/** What the component's file is: one of two words. */
function property(id: 'executable' | 'archive' | 'structured', words: readonly [string, string]): Criterion {
  return {
    ...REQUIRED,
    id,
    of: 'component',
    wants: `whether it is ${words.join(' or ')}`,
    fix: `add the property bsi:component:${id} with "${words.join('" or "')}"`,
    judge: (component) => words.includes(component[id] ?? ''),
  };
}

const properties: readonly Criterion[] = [
  property('executable', ['executable', 'non-executable']),
  property('archive', ['archive', 'no archive']),
  property('structured', ['structured', 'unstructured']),
];

const stated: Criterion = {
  ...REQUIRED,
  id: 'dependencies',
  of: 'component',
  wants: 'what it needs; of one that needs nothing, that it needs nothing',
  fix: 'list every component in the dependencies, leaves with an empty list',
  judge: ({ dependsOn, completeness }) => dependsOn !== undefined || completeness === 'complete',
};

const completeness: Criterion = {
  ...REQUIRED,
  id: 'dependency-completeness',
  of: 'component',
  wants: 'whether the dependencies that are listed are all of them',
  fix: 'add compositions with aggregate complete, incomplete or unknown, or completeness in SPDX 3',
  judge: (component) => ['complete', 'incomplete', 'unknown', 'noAssertion'].includes(component.completeness ?? ''),
};

function creatorOf(agents: (component: ComponentFacts) => readonly Party[]): Criterion {
  return {
    ...REQUIRED,
    id: 'creator',
    of: 'component',
    wants: 'an e-mail address or URL of who made it',
    fix: 'add manufacturer (CycloneDX) or originatedBy (SPDX 3) with an e-mail address or URL',
    judge: (component) => isReachable(agents(component)),
  };
}

function distributionLicence(acceptsUnsaid: boolean): Criterion {
  return {
    ...REQUIRED,
    id: 'distribution-licence',
    of: 'component',
    wants: 'the licences under which it may be used, as SPDX expression',
    fix: 'write SPDX ids, expressions or LicenseRef- with acknowledgement concluded',
    judge: ({ licences }) => {
      const said = licences.filter(isAcknowledged('concluded'));
      return areListed(said.length > 0 || !acceptsUnsaid ? said : licences);
    },
  };
}

const whereTheyExist: readonly Criterion[] = [
  {
    weight: 1,
    id: 'other-ids',
    of: 'component',
    wants: 'package URL, CPE, SWID or the like',
    fix: 'add package URLs',
    judge: hasUniqueId,
  },
  {
    weight: 1,
    id: 'source-uri',
    of: 'component',
    wants: 'where its source code is',
    fix: 'add an external reference of type source-distribution or vcs',
    judge: ({ sourceUris }) => sourceUris.length > 0,
  },
  {
    weight: 1,
    id: 'deployable-uri',
    of: 'component',
    wants: 'where the file that is delivered is',
    fix: 'add an external reference of type distribution',
    judge: ({ deployableUris }) => deployableUris.length > 0,
  },
  {
    weight: 1,
    id: 'original-licence',
    of: 'component',
    wants: 'the licences that its authors gave it',
    fix: 'write licences with acknowledgement declared',
    judge: ({ licences }) => areListed(licences.filter(isAcknowledged('declared'))),
  },
];

const optional: readonly Criterion[] = [
  {
    weight: 0,
    id: 'effective-licence',
    of: 'component',
    wants: 'the licence that is used of those that are offered',
    fix: 'add the property bsi:component:effectiveLicence',
    judge: ({ effectiveLicence }) => effectiveLicence !== undefined,
  },
  {
    weight: 0,
    id: 'source-hash',
    of: 'component',
    wants: 'SHA-512 of its source code',
    fix: 'add SHA-512 to the external reference of type source-distribution',
    judge: ({ sourceChecksums }) => sourceChecksums.some(isSha512),
  },
  {
    weight: 0,
    id: 'security-txt',
    of: 'component',
    wants: 'where its security.txt is (RFC 9116)',
    fix: 'add an external reference of type rfc-9116',
    judge: ({ securityTxts }) => securityTxts.length > 0,
  },
];

export const bsi: Profile = {
  id: 'bsi',
  name: 'BSI TR-03183-2 v2.1',
  source: 'BSI TR-03183-2, version 2.1.0, 2025-08-20',
  groups: [
    {
      name: 'required of the document',
      weight: 3,
      criteria: [formatOf(6, [3, 0, 1]), ...document, { ...sbomUri, required: true }],
    },
    {
      name: 'required of components',
      weight: 5,
      criteria: [
        creatorOf(({ creators }) => creators),
        componentName,
        componentVersion,
        fileName,
        stated,
        completeness,
        distributionLicence(false),
        deployableHash,
        ...properties,
      ],
    },
    { name: 'where they exist', weight: 2, criteria: whereTheyExist },
    { name: 'optional', weight: 0, criteria: optional },
  ],
};

export const bsi20: Profile = {
  id: 'bsi-2.0',
  name: 'BSI TR-03183-2 v2.0',
  source: 'BSI TR-03183-2, version 2.0.0, 2024-09-20',
  groups: [
    { name: 'required of the document', weight: 3, criteria: [formatOf(5, [2, 2, 1]), ...document] },
    {
      name: 'required of components',
      weight: 5,
      criteria: [
        creatorOf(({ creators, suppliers }) => [...creators, ...suppliers]),
        componentName,
        componentVersion,
        fileName,
        dependencies,
        distributionLicence(true),
        deployableHash,
        ...properties,
      ],
    },
    { name: 'where they exist', weight: 2, criteria: [sbomUri, ...whereTheyExist] },
    { name: 'optional', weight: 0, criteria: optional },
  ],
};
