import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findFaults, parseSbom, parseSbomDocument, writeSbom } from './index.ts';
import { createComponent, smallSbom } from './testing.ts';

const FORMS = ['spdx-json', 'spdx-json@3.0', 'spdx-tag-value', 'spdx-yaml', 'cyclonedx-json', 'cyclonedx-xml@1.4'];
const TEXT = 'Permission is given\n\n  to <all> & "everybody",\nfor ever.';

/** As another tool writes it: ids of its own, one of them within an expression, one without a name. */
const foreign = JSON.stringify({
  spdxVersion: 'SPDX-2.3',
  SPDXID: 'SPDXRef-DOCUMENT',
  name: 'x',
  creationInfo: { created: '2026-01-02T03:04:05Z', creators: ['Tool: other-1', 'Organization: ACME Inc'] },
  packages: ['MIT AND LicenseRef-7', 'LicenseRef-8', 'LicenseRef-9'].map((licenseDeclared, index) => ({
    SPDXID: `SPDXRef-${index}`,
    name: `p${index}`,
    versionInfo: '1',
    downloadLocation: 'NOASSERTION',
    licenseDeclared,
  })),
  hasExtractedLicensingInfos: [
    { licenseId: 'LicenseRef-7', name: 'Seven', extractedText: `seven: ${TEXT}` },
    { licenseId: 'LicenseRef-8', extractedText: `eight: ${TEXT}` },
    { licenseId: 'LicenseRef-9', name: 'Nine', extractedText: `nine: ${TEXT}` },
  ],
});

test("the texts of another document's own licences go through every format", () => {
  const sbom = parseSbom(foreign);
  assert.deepEqual(
    sbom.components.map(({ licences }) => licences[0]),
    ['MIT AND LicenseRef-7', 'LicenseRef-8', 'Nine'],
  );
  assert.equal(sbom.author?.name, 'ACME Inc');
  for (const form of FORMS) assert.deepEqual(parseSbom(writeSbom(sbom, form)).licenceTexts, sbom.licenceTexts, form);
  assert.deepEqual(
    sbom.licenceTexts?.map(({ licence, text }) => `${licence} ${text.split(':')[0]}`),
    ['LicenseRef-7 seven', 'LicenseRef-8 eight', 'Nine nine'],
  );
});

test('each id that an expression names is explained in the document, and stays the same', () => {
  const written = writeSbom(parseSbom(foreign), 'spdx-json');
  assert.deepEqual(findFaults(parseSbomDocument(written)), []);
  assert.match(written, /"licenseId": "LicenseRef-7"[^}]*"extractedText": "seven: Permission/);
  assert.match(written, /"licenseId": "LicenseRef-8"/);
  assert.equal(writeSbom(parseSbom(written), 'spdx-json'), written);
  const unexplained = {
    ...smallSbom,
    components: [createComponent({ name: 'a', version: '1', licences: ['MIT OR LicenseRef-q'] })],
  };
  assert.match(writeSbom(unexplained, 'spdx-json'), /"licenseId": "LicenseRef-q"/);
});

test('a whole text in the place of a name is kept whole under a short name', () => {
  const sbom = { ...smallSbom, components: [createComponent({ name: 'a', version: '1', licences: [TEXT] })] };
  for (const form of FORMS) {
    const written = writeSbom(sbom, form);
    assert.deepEqual(parseSbom(written).components[0]?.licences, [TEXT], form);
    assert.equal(parseSbom(written).licenceTexts, undefined, form);
  }
  assert.match(writeSbom(sbom, 'cyclonedx-json'), /"name": "Permission is given…"/);
  assert.match(writeSbom(sbom, 'spdx-json'), /"name": "Permission is given…"/);
  const nameless = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    components: [
      {
        name: 'a',
        type: 'library',
        licenses: [
          { license: { name: 'Own', text: { content: Buffer.from(TEXT).toString('base64'), encoding: 'base64' } } },
          { license: { name: 'Other' } },
          { license: {} },
        ],
      },
    ],
  };
  const read = parseSbom(JSON.stringify(nameless));
  assert.deepEqual(read.components[0]?.licences, ['Own', 'Other']);
  assert.deepEqual(read.licenceTexts, [{ licence: 'Own', text: TEXT }]);
});
