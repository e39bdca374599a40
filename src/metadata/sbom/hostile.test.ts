/** Whatever bytes come as an SBOM, reading ends in a model or in invalid input, and of a model every document and view can be made. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endsWell, fuzz, fuzzValues } from '../../core/fuzz-testing.ts';
import {
  diffSboms,
  findRoots,
  formatSbomHtml,
  formatSbomTable,
  formatSbomTree,
  listUnread,
  mergeSboms,
  parseSbom,
  parseSbomDocument,
  readSbom,
  sbomFormats,
  sbomProfiles,
  scoreSbom,
  writeBsiSbom,
  writeSbom,
} from './index.ts';
import type { Component } from './index.ts';
import { fullSbom, smallSbom } from './testing.ts';

/** As Syft writes them, which only are read. */
const SYFT = JSON.stringify({
  artifacts: [
    {
      id: '1',
      name: 'musl',
      version: '1.2',
      type: 'apk',
      foundBy: 'apk-db-cataloger',
      locations: [{ path: '/lib/apk/db/installed', layerID: 'sha256:1' }],
      licenses: [{ value: 'MIT', spdxExpression: 'MIT', type: 'declared' }],
      cpes: [{ cpe: 'cpe:2.3:a:musl:musl:1.2:*:*:*:*:*:*:*' }],
      purl: 'pkg:apk/alpine/musl@1.2',
      metadata: { originPackage: 'musl', files: [{ path: '/lib/x' }] },
    },
  ],
  artifactRelationships: [{ parent: '1', child: '1', type: 'dependency-of' }],
  source: { id: '2', type: 'image', target: { userInput: 'a:1', manifestDigest: 'sha256:1', layers: [] } },
  distro: { id: 'alpine', versionID: '3.20' },
  descriptor: { name: 'syft', version: '1' },
  schema: { version: '16.0.0' },
});

const SEEDS: ReadonlyMap<string, string> = new Map([
  ['syft-json', SYFT],
  ...sbomFormats.flatMap((format) =>
    format.id === 'github-json'
      ? []
      : format.versions.map((version): [string, string] => [
          `${format.id}@${version}`,
          format.write(fullSbom, version),
        ]),
  ),
]);

function use(bytes: Uint8Array | string): void {
  const document = parseSbomDocument(bytes);
  const sbom = readSbom(document);
  listUnread(document);
  for (const { id, versions } of sbomFormats) for (const version of versions) writeSbom(sbom, `${id}@${version}`);
  for (const view of [formatSbomTable, formatSbomTree, formatSbomHtml]) view(sbom);
  writeBsiSbom(sbom, 'cyclonedx-json');
  mergeSboms(sbom, [sbom, fullSbom]);
  scoreSbom(document, sbomProfiles, { what: 'x', isValid: true });
}

/** All that can be made of an SBOM takes its time. */
const SHARE = 1 / 15;
/** Of each text; there are some hundred in a document. */
const LENGTH = 20_000;
/** What looks at each place of a text from each other takes a minute. */
const MAX_MS = 6000;

for (const [name, seed] of SEEDS) {
  test(`${name}: mutated documents are read or refused as invalid input`, () => {
    fuzz(Buffer.from(seed), use, SHARE);
  });

  if (seed.startsWith('{'))
    test(`${name}: documents whose values are of other kinds are read or refused as invalid input`, () => {
      fuzzValues(seed, use, SHARE);
    });

  if (/^(?:syft-json|spdx-json@2\.3|cyclonedx-json@1\.7)$/.test(name))
    test(`${name}: time grows with the length of texts alone`, () => {
      for (const filling of [' ', '\n', '(', 'MIT AND ', '<']) {
        const long = filling.repeat(LENGTH / filling.length);
        const before = process.cpuUsage();
        endsWell(() => {
          use(
            JSON.stringify(
              JSON.parse(seed, (_, value: unknown) =>
                typeof value === 'string' && !/^(?:[\d.]+|SPDX|CycloneDX|http)/.test(value)
                  ? `${value}${long}${value}${long}x(`
                  : value,
              ),
            ),
          );
        });
        const { user } = process.cpuUsage(before);
        assert.ok(user / 1000 < MAX_MS, `${JSON.stringify(filling)}: ${user / 1000} ms`);
      }
    });
}

/** Of entries in one list: what looks at each from each other takes half a minute. */
const COUNT = 40_000;
const some = <T>(make: (index: number) => T, count = COUNT): readonly T[] =>
  Array.from({ length: count }, (_, at) => make(at));
const cyclonedx = (rest: object) => JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.6', ...rest });
const spdx3 = (graph: readonly object[]) =>
  JSON.stringify({ '@context': 'https://spdx.org/rdf/3.0.1/x', '@graph': graph });
const tagValue = (lines: string) => `SPDXVersion: SPDX-2.3\nCreated: x\nPackageName: a\nSPDXID: SPDXRef-a\n${lines}`;
const versions = (mark: string) => some((at) => ({ 'bom-ref': `${at}`, name: 'a', version: `${mark}${at}` }));
const spdxPackage = (at: number) => ({ type: 'software_Package', spdxId: `p${at}`, name: 'a' });

const CROWDS: Readonly<Record<string, () => unknown>> = {
  'one id for all': () => parseSbom(cyclonedx({ components: some(() => ({ name: 'a', purl: 'pkg:npm/a@1' })) })),
  'suppliers that nobody names': () => parseSbom(spdx3(some((at) => ({ ...spdxPackage(at), suppliedBy: 'nobody' })))),
  'roots that nobody has': () =>
    parseSbom(spdx3([...some(spdxPackage), { type: 'SpdxDocument', rootElement: some((at) => `x${at}`) }])),
  'annotations of one element': () =>
    parseSbom(spdx3(some(() => ({ type: 'Annotation', subject: 'a', statement: 'b=c' })))),
  'one licence of many parts for all': () => {
    const customIds = some((at) => ({ key: `${at}`, value: 'v' }));
    const edge = { type: 'Relationship', relationshipType: 'hasDeclaredLicense', to: ['l'] };
    const licence = { spdxId: 'l', simplelicensing_licenseExpression: 'MIT', simplelicensing_customIdToUri: customIds };
    return parseSbom(spdx3([...some((at) => ({ ...edge, from: `${at}` })), licence]));
  },
  'references of one package': () => parseSbom(tagValue('ExternalRef: SECURITY cpe23Type x\n'.repeat(COUNT))),
  'annotations of one package': () =>
    parseSbom(tagValue('Annotator: Tool: x\nSPDXREF: SPDXRef-a\nAnnotationComment: a\n'.repeat(COUNT))),
  'packages in XML': () => parseSbomDocument(`<Document>${'<packages/>'.repeat(COUNT)}</Document>`),
  'addresses of one maker': () =>
    parseSbomDocument(
      `<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><manufacturer>${'<url/>'.repeat(COUNT)}</manufacturer></bom>`,
    ),
  'elements of RDF': () => parseSbomDocument(`<RDF>${'<a/>'.repeat(4 * COUNT)}</RDF>`),
  'versions of one package': () =>
    diffSboms(parseSbom(cyclonedx({ components: versions('a') })), parseSbom(cyclonedx({ components: versions('b') }))),
  'packages of one file': () => {
    const components = some((at) => ({ 'bom-ref': `${at}`, name: 'a', purl: `pkg:npm/a@${at}` }));
    return writeSbom(parseSbom(cyclonedx({ components })), 'github-json');
  },
  'licences with texts': () => {
    const licenses = some((at) => ({ license: { name: `n${at}`, text: { content: `t${at}` } } }));
    return writeSbom(parseSbom(cyclonedx({ components: [{ name: 'a', licenses }] })), 'cyclonedx-json');
  },
  'lines and needs': () => {
    const components = some((at): Component => ({ ...fullSbom.components[0], id: `${at}` }) as Component, 4 * COUNT);
    const dependencies = [{ from: '0', to: components.map(({ id }) => id) }];
    return [formatSbomTable({ ...smallSbom, components }), findRoots({ components, dependencies })];
  },
};

for (const [name, work] of Object.entries(CROWDS)) {
  test(`${name}: time grows with their number alone`, () => {
    const before = process.cpuUsage();
    work();
    const { user } = process.cpuUsage(before);
    assert.ok(user / 1000 < MAX_MS, `${user / 1000} ms`);
  });
}

test('what is called as something of every object is nothing else than its name says', () => {
  const xml = (inner: string) => `<bom xmlns="http://cyclonedx.org/schema/bom/1.6">${inner}</bom>`;
  const document = parseSbomDocument(xml('<__proto__><components/></__proto__><constructor><a/></constructor>'));
  assert.deepEqual(listUnread(document), [
    { field: '__proto__', count: 1 },
    { field: 'constructor', count: 1 },
  ]);
  assert.deepEqual(listUnread(parseSbomDocument(tagValue('constructor: a\ntoString: b\n'))), []);
  const source = { id: '1', type: 'constructor', target: {} };
  assert.equal(parseSbom(JSON.stringify({ artifacts: [], schema: {}, source })).subject.kind, 'unknown');
  const named = { name: 'a', purl: 'pkg:npm/a@1', properties: [{ name: 'constructor', value: 'b' }] };
  const sbom = parseSbom(cyclonedx({ components: [named] }));
  const merged = mergeSboms(sbom, [sbom, sbom]).components.find(({ purl }) => purl !== undefined);
  assert.deepEqual(merged?.properties, { constructor: 'b' });
});

test('a document of more layers than images have is refused', () => {
  const layer = JSON.stringify({ index: 0, digest: 'a', diffId: 'b' });
  const properties = some(() => ({ name: 'plimsoll:layer', value: layer }), 1001);
  const refusal = /^AppError: expected at most 1000 layers, found 1001$/;
  assert.throws(() => parseSbom(cyclonedx({ metadata: { properties } })), refusal);
});
