/** Whatever bytes come as an SBOM, reading ends in a model or in invalid input, and of a model every document and view can be made. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endsWell, fuzz, fuzzValues } from '../../core/fuzz-testing.ts';
import {
  formatSbomHtml,
  formatSbomTable,
  formatSbomTree,
  listUnread,
  mergeSboms,
  parseSbomDocument,
  readSbom,
  sbomFormats,
  sbomProfiles,
  scoreSbom,
  writeSbom,
} from './index.ts';
import { fullSbom } from './testing.ts';

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
