/** The general score of the sbomqs project, its categories and weights; shares of components, 0 to 10. */
import { isDeprecatedLicence, isListedExpression, isRestrictiveLicence } from '../../licences.ts';
import { areListed, hasCpe, hasPurl, isNamed, isRelated, isStrong, isTimestamp } from '../criterion.ts';
import type { Criterion, Profile } from '../criterion.ts';
import type { ComponentFacts } from '../facts/facts.ts';

type OfDocument = Extract<Criterion, { of: 'document' }>['judge'];
type OfComponent = Extract<Criterion, { of: 'component' }>['judge'];
type Texts = Pick<Criterion, 'id' | 'wants' | 'fix'>;

const whole = (weight: number, judge: OfDocument, texts: Texts): Criterion => ({
  ...texts,
  weight,
  of: 'document',
  judge,
});
const each = (weight: number, judge: OfComponent, texts: Texts): Criterion => ({
  ...texts,
  weight,
  of: 'component',
  judge,
});

/** Of those that have a licence. */
const licensed =
  (judge: (texts: readonly string[]) => boolean): OfComponent =>
  ({ licences }) =>
    licences.length === 0 ? false : judge(licences.map(({ text }) => text));

const allChecksums = ({ checksums, deployableChecksums }: ComponentFacts) => [...checksums, ...deployableChecksums];

const identification: readonly Criterion[] = [
  each(0.4, ({ name }) => name !== undefined, { id: 'name', wants: 'a name', fix: 'name every component' }),
  each(0.35, ({ version }) => version !== undefined, { id: 'version', wants: 'a version', fix: 'give versions' }),
  each(0.25, ({ id }, { components }) => id !== '' && idsOf(components).get(id) === 1, {
    id: 'local-id',
    wants: 'an id that is unique in the document',
    fix: 'give every component a bom-ref or SPDXID of its own',
  }),
];

const COUNTS = new WeakMap<readonly ComponentFacts[], ReadonlyMap<string, number>>();

function idsOf(components: readonly ComponentFacts[]): ReadonlyMap<string, number> {
  const known = COUNTS.get(components);
  if (known !== undefined) return known;
  const counts = new Map<string, number>();
  for (const { id } of components) counts.set(id, (counts.get(id) ?? 0) + 1);
  COUNTS.set(components, counts);
  return counts;
}

const provenance: readonly Criterion[] = [
  whole(0.2, ({ timestamp }) => isTimestamp(timestamp), {
    id: 'timestamp',
    wants: 'when the document was made',
    fix: 'write the time of creation as RFC 3339',
  }),
  whole(0.2, ({ authors }) => isNamed(authors), {
    id: 'authors',
    wants: 'who made the document',
    fix: 'name a person or an organization as author',
  }),
  whole(0.2, ({ tools }) => tools.some(({ version }) => version !== undefined), {
    id: 'tool',
    wants: 'which program made it, with version',
    fix: 'name the program and its version',
  }),
  whole(
    0.15,
    ({ family, suppliers, components: [first] }) =>
      family === 'SPDX' ? undefined : isNamed(suppliers) || (first?.isPrimary === true && isNamed(first.suppliers)),
    {
      id: 'supplier',
      wants: 'who supplies what it is about',
      fix: 'write metadata.supplier',
    },
  ),
  whole(0.15, ({ uri }) => uri !== undefined, {
    id: 'uri',
    wants: 'an id of the document',
    fix: 'write serialNumber or documentNamespace',
  }),
  whole(0.1, ({ lifecycles }) => (lifecycles === undefined ? undefined : lifecycles.length > 0), {
    id: 'lifecycle',
    wants: 'at what phase it was made',
    fix: 'write metadata.lifecycles, or sbomType in SPDX 3',
  }),
];

const integrity: readonly Criterion[] = [
  each(0.6, (component) => allChecksums(component).length > 0, {
    id: 'checksum',
    wants: 'a checksum',
    fix: 'add checksums',
  }),
  each(0.3, (component) => allChecksums(component).some(isStrong), {
    id: 'strong-checksum',
    wants: 'a checksum of SHA-256 or stronger',
    fix: 'add SHA-256 or SHA-512',
  }),
  whole(0.1, ({ signature }) => (signature === undefined ? undefined : signature === 'complete'), {
    id: 'signature',
    wants: 'a signature with its key',
    fix: 'sign the document, or attest it to what it is about',
  }),
];

const completeness: readonly Criterion[] = [
  each(0.25, isRelated, {
    id: 'dependencies',
    wants: 'a place among the dependencies',
    fix: 'write the dependency relationships',
  }),
  whole(0.15, ({ tellsCompleteness }) => tellsCompleteness, {
    id: 'declared-completeness',
    wants: 'whether the list is complete',
    fix: 'write compositions, or completeness in SPDX 3',
  }),
  whole(0.2, ({ components: [first] }) => first?.isPrimary === true, {
    id: 'primary-component',
    wants: 'what the document is about',
    fix: 'name it: metadata.component in CycloneDX, DESCRIBES in SPDX',
  }),
  each(0.15, ({ sourceUris }) => sourceUris.length > 0, {
    id: 'source',
    wants: 'where its source code is',
    fix: 'add references of type vcs or source-distribution',
  }),
  each(0.15, ({ suppliers, creators }) => isNamed(suppliers) || isNamed(creators), {
    id: 'component-supplier',
    wants: 'who supplies it',
    fix: 'name supplier or manufacturer',
  }),
  each(0.1, ({ purpose }) => purpose !== undefined, {
    id: 'purpose',
    wants: 'what kind of thing it is',
    fix: 'write type (CycloneDX) or primary purpose (SPDX)',
  }),
];

const licensing: readonly Criterion[] = [
  each(0.2, ({ licences }) => licences.length > 0, { id: 'licence', wants: 'a licence', fix: 'write licences' }),
  each(0.2, ({ licences }) => areListed(licences), {
    id: 'valid-licence',
    wants: 'a licence that is an SPDX expression',
    fix: 'write SPDX ids, or LicenseRef- for others',
  }),
  each(
    0.2,
    licensed((texts) => texts.every((text) => isListedExpression(text) && !text.includes('LicenseRef-'))),
    {
      id: 'listed-licence',
      wants: 'a licence of the SPDX list',
      fix: 'use ids of the SPDX list in the place of own ones',
    },
  ),
  each(0.15, ({ licences }) => licences.some(({ acknowledgement }) => acknowledgement !== 'concluded'), {
    id: 'declared-licence',
    wants: 'the licence that its authors declare',
    fix: 'write the declared licence beside the concluded one',
  }),
  whole(0.1, ({ dataLicence }) => dataLicence !== undefined, {
    id: 'data-licence',
    wants: 'under what licence the document itself is',
    fix: 'write metadata.licenses or dataLicense: CC0-1.0',
  }),
  each(
    0.15,
    licensed((texts) => !texts.some(isDeprecatedLicence)),
    {
      id: 'no-deprecated-licence',
      wants: 'no id that SPDX has given up',
      fix: 'write GPL-2.0-only or GPL-2.0-or-later for GPL-2.0',
    },
  ),
  each(
    0.2,
    licensed((texts) => !texts.some(isRestrictiveLicence)),
    {
      id: 'no-restrictive-licence',
      wants: 'no licence that binds what is built on it',
      fix: 'look at these components before you deliver them',
    },
  ),
];

export const sbomqs: Profile = {
  id: 'sbomqs',
  name: 'sbomqs score',
  source: 'categories and weights of sbomqs 2.0',
  groups: [
    { name: 'identification', weight: 10, criteria: identification },
    { name: 'provenance', weight: 12, criteria: provenance },
    { name: 'integrity', weight: 15, criteria: integrity },
    { name: 'completeness', weight: 12, criteria: completeness },
    { name: 'licensing', weight: 15, criteria: licensing },
    {
      name: 'vulnerability ids',
      weight: 10,
      criteria: [
        each(0.5, hasPurl, { id: 'purl', wants: 'a package URL', fix: 'add package URLs' }),
        each(0.5, hasCpe, { id: 'cpe', wants: 'a CPE', fix: 'add names of the CPE dictionary' }),
      ],
    },
    {
      name: 'structure',
      weight: 8,
      criteria: [
        whole(0.3, () => true, { id: 'specification', wants: 'SPDX or CycloneDX', fix: 'write SPDX or CycloneDX' }),
        whole(
          0.3,
          ({ family, version }) => (family === 'SPDX' ? /^(?:2\.[23]|3\.0)/.test(version) : /^1\.[4-7]$/.test(version)),
          {
            id: 'specification-version',
            wants: 'a version that is kept: SPDX 2.2 to 3.0, CycloneDX 1.4 to 1.7',
            fix: 'convert it to a newer version',
          },
        ),
        whole(0.2, () => true, { id: 'file-format', wants: 'a form of the specification', fix: 'write JSON or XML' }),
        whole(0.2, ({ isValid }) => isValid, {
          id: 'schema',
          wants: 'valid by the official schema',
          fix: 'see `plimsoll sbom validate`',
        }),
      ],
    },
  ],
};
