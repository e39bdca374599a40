import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { dataSet, needsSharedData } from '../../../../test/shared-data.ts';
import { writeSbom } from '../formats/index.ts';
import { parseSbomDocument } from '../parse.ts';
import { fullSbom } from '../testing.ts';
import { findSbomProfile, scoreSbom } from './index.ts';
import type { CriterionScore, ProfileScore } from './score.ts';

const bare = { bomFormat: 'CycloneDX', specVersion: '1.6' };

function score(document: object, profile: string, isValid?: boolean): ProfileScore {
  const [found] = scoreSbom(document, [findSbomProfile(profile)], { what: 'x', isValid });
  assert.ok(found);
  return found;
}

test('scoreSbom leaves out of the points what does not apply', () => {
  const spdx = score({ spdxVersion: 'SPDX-2.3', packages: [] }, 'sbomqs');
  assert.equal(spdx.criteria.find(({ id }) => id === 'lifecycle')?.points, undefined);
  assert.equal(score(bare, 'sbomqs').criteria.find(({ id }) => id === 'lifecycle')?.points, 0);
  assert.equal(score(bare, 'sbomqs').criteria.find(({ id }) => id === 'name')?.points, undefined);
  assert.ok(score(bare, 'sbomqs', true).points > score(bare, 'sbomqs', false).points);
  assert.equal(score(bare, 'sbomqs').conforms, undefined);
  assert.equal(score(bare, 'ntia').conforms, false);
});

test('gains of all criteria are what the points lack of 10', () => {
  const component = {
    name: 'a',
    version: '1',
    licenses: [{ license: { id: 'MIT' } }],
    hashes: [{ alg: 'MD5', content: 'x' }],
  };
  for (const profile of ['sbomqs', 'ntia', 'cisa', 'bsi', 'bsi-2.0', 'cra']) {
    const { points, criteria } = score({ ...bare, components: [component, { name: 'b' }] }, profile);
    const gains = criteria.reduce((sum, { gain }) => sum + gain, 0);
    assert.ok(Math.abs(10 - points - gains) < 0.15, `${profile}: ${points} and ${gains}`);
  }
});

test('a document that is no SPDX or CycloneDX, and a profile that is not had, are refused', () => {
  assert.throws(() => score({ artifacts: [] }, 'ntia'), { kind: 'invalid-input', message: /^x: expected a document/ });
  assert.throws(() => score(bare, 'best'), { kind: 'usage', message: /sbomqs, ntia, cisa, bsi, bsi-2\.0, cra/ });
});

test('documents of each format that tell where source code is are credited for it', () => {
  for (const form of ['cyclonedx-json@1.4', 'cyclonedx-json@1.7', 'spdx-json@2.2', 'spdx-json@2.3', 'spdx-json@3.0']) {
    const { criteria } = score(JSON.parse(writeSbom(fullSbom, form)) as object, 'bsi');
    assert.equal(criteria.find(({ id }) => id === 'source-uri')?.passed, 1, form);
  }
});

const folder = (name: string) => join(dataSet('goldens'), 'sbomqs', name);

function scoreFile(path: string, profile: string): ProfileScore {
  const [score] = scoreSbom(parseSbomDocument(readFileSync(path), path), [findSbomProfile(profile)], { what: path });
  assert.ok(score);
  return score;
}

function criterionOf(path: string, name: string): CriterionScore {
  const [profile = '', id = ''] = name.split('/');
  const found = scoreFile(path, profile).criteria.find((criterion) => criterion.id === id);
  assert.ok(found, `${name} is no criterion`);
  return found;
}

/** By what the name of a document says: the criterion that it is about. The first that fits. */
const SUBJECTS: readonly (readonly [RegExp, string])[] = [
  [/MetadataTimestamp/, 'sbom-timestamp'],
  [/Metadata/, 'sbom-creator'],
  [/SerialNumber|DocumentNamespace/, 'sbom-uri'],
  [/DeployableHash|ExtRefDistribution/, 'deployable-hash'],
  [/SourceHash/, 'source-hash'],
  [/ComponentHash/, 'sbomqs/strong-checksum'],
  [/DownloadURL/, 'deployable-uri'],
  [/SourceCodeURL/, 'source-uri'],
  [/SecurityTxt/, 'security-txt'],
  [/BsiEffectiveLicense/, 'effective-licence'],
  [/BsiFilename/, 'filename'],
  [/BsiArchive/, 'archive'],
  [/BsiExecutable/, 'executable'],
  [/BsiStructured/, 'structured'],
  [/LicenseDeclared/, 'original-licence'],
  [/LicenseExp|LicenseCustomRef/, 'bsi-2.0/distribution-licence'],
  [/License/, 'distribution-licence'],
  [/Component(?:Author|Manufacturer)/, 'creator'],
  [/Supplier/, 'bsi-2.0/creator'],
  [/ComponentName/, 'component-name'],
  [/ComponentVersion/, 'component-version'],
  [/OtherUniqueIDs|CPE|PURL|SWID/, 'other-ids'],
  [/broken/, 'dependency-references'],
  [/Dependenc/, 'dependencies'],
  [/PrimaryComponent/, 'primary-component'],
  [/Vulnerabilities/, 'no-vulnerabilities'],
];

const OLD_HASH = 'older versions of the guideline took what is not SHA-512';
const WORDS = 'the guideline has two words for each, and not true and false';

/** Judged otherwise than the name says. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'validComponentDeployableHashDistributionIntake.cdx16.json': OLD_HASH,
  'validComponentExtRefDistributionHashEmpty.cdx16.json': 'the hash has no value',
  'validComponentExtRefDistributionHashMD5.cdx16.json': OLD_HASH,
  'validComponentExtRefDistributionHashSHA1.cdx16.json': OLD_HASH,
  'validComponentExtRefDistributionHashSHA256.cdx16.json': OLD_HASH,
  'validComponentExtRefDistributionIntakeHashEmpty.cdx16.json': 'the hash has no value',
  'validComponentExtRefDistributionIntakeHashMD5.cdx16.json': OLD_HASH,
  'validComponentExtRefDistributionIntakeHashSHA1.cdx16.json': OLD_HASH,
  'validComponentExtRefDistributionIntakeHashSHA256.cdx16.json': OLD_HASH,
  'validComponentSourceHash.cdx16.json': OLD_HASH,
  'validComponentSourceHash.spdx23.json':
    'a verification code is SHA-1 of the files of the package, not SHA-512 of its source',
  'missingComponentDeployableHash.spdx23.json':
    'in SPDX 2 the checksum of a package is that of the file to be downloaded',
  'leafComponentNoDependencies.spdx23.json': 'it is all that the document is about: nothing needs it',
  'validComponentBsiArchive.cdx16.json': WORDS,
  'validComponentBsiExecutable.cdx16.json': WORDS,
  'validComponentBsiStructured.cdx16.json': WORDS,
};

test('every document about the guideline of the BSI is judged as its name says', needsSharedData, () => {
  const wrong: string[] = [];
  const paths = ['', 'cdx', 'spdx'].flatMap((part) =>
    readdirSync(folder(join('bsi', part)))
      .filter((name) => name.endsWith('.json') && !name.includes('FullyCompliant'))
      .map((name) => join(folder('bsi'), part, name)),
  );
  assert.equal(paths.length, 148);
  for (const path of paths) {
    const name = basename(path);
    const id = SUBJECTS.find(([pattern]) => pattern.test(name))?.[1] ?? '';
    const { passed, total } = criterionOf(
      path,
      id.includes('/') ? id : `${name.includes('cdx') ? 'bsi' : 'bsi-2.0'}/${id}`,
    );
    const isGood = /^(?:valid|noVuln)/.test(name);
    if ((passed === total) !== isGood && EXCEPTIONS[name] === undefined)
      wrong.push(`${name}: ${id} ${passed}/${total}`);
    else if ((passed === total) === isGood && EXCEPTIONS[name] !== undefined) wrong.push(`${name}: is no exception`);
  }
  assert.deepEqual(wrong, []);
});

/** Of 3 components or 2, how many satisfy what the name says that one does. */
const SPDX3: Readonly<Record<string, readonly [id: string, passed: number, total: number]>> = {
  'doc-missing-creator': ['sbom-creator', 0, 1],
  'doc-missing-sbom-uri': ['sbom-uri', 0, 1],
  'doc-missing-spec-version': ['format', 0, 1],
  'doc-missing-timestamp': ['sbom-timestamp', 0, 1],
  'minimal-valid': ['creator', 1, 1],
  // of a file that is there the purposes say what it is, and by their absence what it is not
  'two-comps-one-with-archive-prop': ['archive', 2, 2],
  'two-comps-one-with-executable-prop': ['executable', 2, 2],
  'two-comps-one-with-structured-prop': ['structured', 2, 2],
  'two-comps-one-with-concluded-license': ['distribution-licence', 1, 2],
  'two-comps-one-with-creator': ['creator', 1, 2],
  'two-comps-one-with-declared-license': ['original-licence', 1, 2],
  'two-comps-one-with-dependencies': ['dependencies', 1, 2],
  'two-comps-one-with-deployable-hash': ['deployable-hash', 1, 2],
  'two-comps-one-with-download-url': ['deployable-uri', 1, 2],
  'two-comps-one-with-effective-license': ['effective-licence', 1, 2],
  'two-comps-one-with-filename': ['filename', 1, 2],
  'two-comps-one-with-purl-cpe': ['other-ids', 1, 2],
  'two-comps-one-with-security-txt-url': ['security-txt', 1, 2],
  // 132 digits are no SHA-512
  'two-comps-one-with-source-code-hash': ['source-hash', 0, 2],
  'two-comps-one-with-source-code-url': ['source-uri', 1, 2],
};

test('documents of SPDX 3 about the guideline are judged as their names say', needsSharedData, () => {
  const files = readdirSync(folder('bsi/spdx3')).filter((name) => !name.includes('complete'));
  assert.deepEqual(
    files.map((name) => name.slice('v2.1.0-'.length, -'.json'.length)).sort(),
    Object.keys(SPDX3).sort(),
  );
  for (const [name, [id, passed, total]] of Object.entries(SPDX3)) {
    const found = criterionOf(join(folder('bsi/spdx3'), `v2.1.0-${name}.json`), `bsi/${id}`);
    assert.deepEqual([name, found.passed, found.total], [name, passed, total]);
  }
});

/** What documents that call themselves complete lack of what is required. */
const COMPLETE: Readonly<Record<string, readonly string[]>> = {
  // true and false for two words each; the last component names a supplier alone
  'bsi:cdx/validFullyCompliantBsiV21.cdx16.json': ['creator', 'executable', 'archive', 'structured'],
  // made for version 1.1, which asked for less
  'bsi-2.0:spdx/validFullyCompliantBsiV11.spdx23.json': [
    'filename',
    'deployable-hash',
    'executable',
    'archive',
    'structured',
  ],
  // a third package has no file and says nothing of what it needs
  'bsi:spdx3/v2.1.0-complete-all-fields.json': [
    'filename',
    'dependencies',
    'dependency-completeness',
    'deployable-hash',
    'executable',
    'archive',
    'structured',
  ],
  // and a relationship begins at a document that is not there
  'bsi:spdx3/v2.1.0-complete-alt-patterns.json': [
    'dependency-references',
    'filename',
    'dependencies',
    'dependency-completeness',
    'deployable-hash',
    'executable',
    'archive',
    'structured',
  ],
};

test('documents that call themselves complete lack what they lack, and no more', needsSharedData, () => {
  for (const [name, expected] of Object.entries(COMPLETE)) {
    const [profile = '', path = ''] = name.split(':');
    const { criteria, conforms } = scoreFile(join(folder('bsi'), path), profile);
    const lacking = criteria.filter(({ required, passed, total }) => required && passed < total).map(({ id }) => id);
    assert.deepEqual([name, lacking.sort(), conforms], [name, [...expected].sort(), false]);
  }
});

/** `FILE: PROFILE/CRITERION PASSED/TOTAL`: what the names speak of. */
const ROWS = `
cdx-custom-license.cdx.json: sbomqs/listed-licence 0/2
cdx-expression.cdx.json: sbomqs/valid-licence 3/3
cdx-invalid-licenses.json: sbomqs/valid-licence 2/3
cdx-invalid-licenses.json: sbomqs/no-deprecated-licence 1/3
cdx-minimal.json: sbomqs/version 0/1
cdx-mixed-licenses.cdx.json: sbomqs/valid-licence 4/5
cdx-no-authors.json: sbomqs/authors 0/1
cdx-no-checksums.json: sbomqs/checksum 0/2
cdx-no-dependencies.json: ntia/dependencies 0/2
cdx-no-timestamp.json: ntia/timestamp 0/1
cdx-no-version.json: ntia/component-version 0/2
cdx-old-version.json: sbomqs/specification-version 0/1
cdx-standard-license.cdx.json: sbomqs/listed-licence 2/2
cdx-weak-checksums.json: sbomqs/checksum 2/2
cdx-weak-checksums.json: sbomqs/strong-checksum 0/2
cdx-with-all-deprecated-licenses.json: sbomqs/no-deprecated-licence 6/32
cdx-with-all-restricted-licenses.json: sbomqs/no-restrictive-licence 0/25
cdx-with-complete-signature.json: sbomqs/signature 1/1
cdx-with-ec-signature.json: sbomqs/signature 1/1
cdx-with-incomplete-signature.json: sbomqs/signature 0/1
cdx-with-multiple-signers.json: sbomqs/signature 1/1
cdx-with-signature-no-key.json: sbomqs/signature 0/1
spdx-compound-expression.json: sbomqs/valid-licence 3/3
spdx-custom-license.json: sbomqs/listed-licence 0/2
spdx-invalid-licenses.json: sbomqs/valid-licence 2/3
spdx-minimal.json: sbomqs/version 0/1
spdx-mixed-licenses.json: sbomqs/valid-licence 2/3
spdx-no-authors.json: sbomqs/authors 0/1
spdx-no-checksums.json: sbomqs/checksum 0/2
spdx-no-dependencies.json: ntia/dependencies 0/2
spdx-no-timestamp.json: ntia/timestamp 0/1
spdx-no-version.json: ntia/component-version 0/2
spdx-old-version.json: sbomqs/specification-version 0/1
spdx-standard-license.json: sbomqs/listed-licence 2/2
spdx-weak-checksums.json: sbomqs/checksum 2/2
spdx-weak-checksums.json: sbomqs/strong-checksum 0/2
spdx3-complete-ntia.json: ntia/author 1/1
spdx3-complete-ntia.json: ntia/timestamp 1/1
spdx3-complete-ntia.json: ntia/supplier 4/5
spdx3-complete-ntia.json: ntia/component-name 5/5
spdx3-complete-ntia.json: ntia/component-version 5/5
spdx3-complete-ntia.json: ntia/component-id 5/5
spdx3-complete-ntia.json: ntia/dependencies 5/5
spdx3-minimal.json: sbomqs/name 0/0
spdx3-no-authors.json: cisa/author 0/1
spdx3-no-checksum.json: cisa/component-hash 0/2
spdx3-no-copyright.json: ntia/component-name 2/2
spdx3-no-cpe.json: sbomqs/cpe 0/2
spdx3-no-cpe.json: sbomqs/purl 2/2
spdx3-no-dependencies.json: bsi/dependencies 1/2
spdx3-no-downloadlocation.json: bsi/deployable-uri 0/2
spdx3-no-original-license.json: bsi/original-licence 0/2
spdx3-no-supplier.json: ntia/supplier 0/2
spdx3-no-timestamp.json: ntia/timestamp 0/1
spdx3-no-tool.json: cisa/tool 0/1
spdx3-no-type.json: sbomqs/purpose 0/2
spdx3-no-unique-id.json: ntia/component-id 0/2
spdx3-no-version.json: ntia/component-version 0/2
spdx3-with-SBOM-author-URL-Only.json: bsi/sbom-creator 1/1
spdx3-with-SBOM-invalid-timestamp.json: bsi/sbom-timestamp 0/1
spdx3-with-archive-prop.json: bsi/archive 2/2
spdx3-with-binary-artifact-download.json: bsi/deployable-uri 2/2
spdx3-with-bom-links.json: bsi/sbom-uri 1/1
spdx3-with-comp-originator-with-org-name-email.json: bsi/creator 1/1
spdx3-with-comp-supplier-with-person-url-only.json: bsi-2.0/creator 1/1
spdx3-with-declared-concluded-licenses.json: bsi/original-licence 2/2
spdx3-with-declared-concluded-licenses.json: bsi/distribution-licence 2/2
spdx3-with-dependencies.json: bsi/dependencies 1/2
spdx3-with-deployable-hash.json: bsi/deployable-hash 2/2
spdx3-with-effective-license.json: bsi/effective-licence 2/2
spdx3-with-executable-prop.json: bsi/executable 2/2
spdx3-with-purl.json: bsi/other-ids 1/1
spdx3-with-security-txt.json: bsi/security-txt 2/2
spdx3-with-source-artifact-source-code.json: bsi/source-uri 2/2
spdx3-with-source-code-hash.json: bsi/source-hash 0/2
spdx3-with-structured-prop.json: bsi/structured 2/2
advanced-comprehensive-violations.cdx.json: sbomqs/no-restrictive-licence 8/11
clean-permissive.cdx.json: sbomqs/no-restrictive-licence 3/3
clean-permissive.cdx.json: ntia/supplier 3/3
community-health-violations.cdx.json: ntia/supplier 1/4
community-health-violations.cdx.json: sbomqs/valid-licence 2/4
enterprise-approved-suppliers-violations.cdx.json: ntia/supplier 2/3
enterprise-complete-sbom-violations.cdx.json: sbomqs/checksum 2/4
enterprise-complete-sbom-violations.cdx.json: sbomqs/no-restrictive-licence 2/4
gpl-copyleft.cdx.json: sbomqs/no-restrictive-licence 0/2
industry-finance-compliance-violations.cdx.json: ntia/supplier 1/3
industry-finance-compliance-violations.cdx.json: sbomqs/no-restrictive-licence 1/3
license-allowlist-violations.cdx.json: sbomqs/listed-licence 2/4
license-block-copyleft-violations.cdx.json: sbomqs/no-restrictive-licence 1/5
license-block-proprietary-violations.cdx.json: sbomqs/listed-licence 1/4
license-dual-check-violations.cdx.json: bsi/original-licence 2/4
license-dual-check-violations.cdx.json: bsi/distribution-licence 1/4
license-expressions-acknowledgement.cdx.json: bsi/original-licence 2/4
license-expressions-acknowledgement.cdx.json: bsi/distribution-licence 2/4
metadata-identifiers-violations.cdx.json: ntia/component-id 1/3
metadata-provenance-violations.cdx.json: ntia/supplier 1/4
metadata-required-violations.cdx.json: ntia/component-version 2/4
missing-metadata.cdx.json: sbomqs/version 3/4
missing-metadata.cdx.json: sbomqs/licence 3/4
open-source-distribution-violations.cdx.json: sbomqs/valid-licence 2/3
proprietary-licenses.cdx.json: sbomqs/valid-licence 2/2
security-ban-vulnerables-violations.cdx.json: sbomqs/purl 3/4
security-no-snapshots-violations.cdx.json: sbomqs/version 5/5
security-required-fields-violations.cdx.json: sbomqs/checksum 2/4
security-verified-sources-violations.cdx.json: sbomqs/checksum 2/4
snapshot-versions.cdx.json: sbomqs/version 3/3
vulnerable-log4j.cdx.json: sbomqs/purl 3/3
`;

test('every fixture is judged as its name says', needsSharedData, () => {
  const rows = ROWS.trim()
    .split('\n')
    .map((row) => /^(\S+): (\S+) (\d+)\/(\d+)$/.exec(row) ?? []);
  const seen = new Set(rows.map(([, name]) => name));
  for (const name of [...readdirSync(folder('fixtures')), ...readdirSync(folder('sboms'))])
    assert.ok(seen.has(name) || name.includes('perfect'), name);
  for (const [row, name = '', id = '', passed, total] of rows) {
    const found = criterionOf(
      join(folder(name.endsWith('.cdx.json') && !name.startsWith('cdx-') ? 'sboms' : 'fixtures'), name),
      id,
    );
    assert.deepEqual([row, found.passed, found.total], [row, Number(passed), Number(total)]);
  }
});

test('documents made to be perfect are graded A', needsSharedData, () => {
  for (const name of ['cdx', 'spdx', 'spdx3'])
    assert.equal(scoreFile(join(folder('fixtures'), `${name}-perfect-score.json`), 'sbomqs').grade, 'A', name);
});
