/** Criteria that several profiles have. */
import { hasUniqueId, isNamed, isRelated, isTimestamp } from '../criterion.ts';
import type { Criterion } from '../criterion.ts';

/** As one of the minimum elements: required, and as heavy as the others. */
const REQUIRED = { weight: 1, required: true } as const;

export const machineReadable: Criterion = {
  ...REQUIRED,
  id: 'format',
  of: 'document',
  wants: 'a form that programs read: SPDX or CycloneDX',
  fix: 'write SPDX or CycloneDX',
  judge: ({ version }) => version !== '',
};

export const timestamp: Criterion = {
  ...REQUIRED,
  id: 'timestamp',
  of: 'document',
  wants: 'when the document was made, as RFC 3339',
  fix: 'write the time of creation with its time zone: 2026-01-31T12:00:00Z',
  judge: (facts) => isTimestamp(facts.timestamp),
};

export const toolName: Criterion = {
  ...REQUIRED,
  id: 'tool',
  of: 'document',
  wants: 'which program made the document',
  fix: 'name the program and its version',
  judge: ({ tools }) => tools.length > 0,
};

export const primary: Criterion = {
  ...REQUIRED,
  id: 'primary-component',
  of: 'document',
  wants: 'what the document is about',
  fix: 'name it: metadata.component in CycloneDX, DESCRIBES in SPDX',
  judge: ({ components }) => components[0]?.isPrimary === true,
};

export const componentName: Criterion = {
  ...REQUIRED,
  id: 'component-name',
  of: 'component',
  wants: 'a name',
  fix: 'name every component',
  judge: ({ name }) => name !== undefined,
};

export const componentVersion: Criterion = {
  ...REQUIRED,
  id: 'component-version',
  of: 'component',
  wants: 'a version',
  fix: 'give versions; of a file without one the time of its last change',
  judge: ({ version }) => version !== undefined,
};

export const componentId: Criterion = {
  ...REQUIRED,
  id: 'component-id',
  of: 'component',
  wants: 'an id known elsewhere: package URL, CPE, SWID or the like',
  fix: 'add package URLs',
  judge: hasUniqueId,
};

export const supplier: Criterion = {
  ...REQUIRED,
  id: 'supplier',
  of: 'component',
  wants: 'who supplies it',
  fix: 'name supplier or manufacturer',
  judge: ({ suppliers, creators }) => isNamed(suppliers) || isNamed(creators),
};

export const dependencies: Criterion = {
  ...REQUIRED,
  id: 'dependencies',
  of: 'component',
  wants: 'what it needs, or what needs it',
  fix: 'write the dependency relationships, from the primary component on',
  judge: isRelated,
};
