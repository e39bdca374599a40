/** What several formats can say goes from one to the other and back unchanged. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { dataSet, needsSharedData } from '../../../test/shared-data.ts';
import { digestOf } from '../../core/index.ts';
import { arrangeSbom, parseSbom, writeSbom } from './index.ts';
import type { Component, Sbom } from './index.ts';
import { createComponent, smallSbom } from './testing.ts';

/** There, and back again. */
const WAYS = [
  ['spdx-json@2.3', 'cyclonedx-json@1.7'],
  ['spdx-tag-value@2.2', 'cyclonedx-xml@1.4'],
  ['spdx-yaml@2.3', 'cyclonedx-json@1.5'],
  ['spdx-json@3.0', 'cyclonedx-xml@1.6'],
] as const;

const line = fc.stringMatching(/^[ -~é€😀]{0,20}$/u).map((text) => `x${text}x`);
const word = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));
const diffId = fc.nat(3).map((index) => ({ index, digest: digestOf(`${index}`), diffId: digestOf(`diff ${index}`) }));

const facts = fc.record(
  {
    kind: fc.constantFrom('library', 'application'),
    scope: fc.constantFrom('runtime', 'optional', 'development'),
    licences: fc.array(fc.constantFrom('MIT', 'Apache-2.0 OR MIT', 'a licence of our own', 'GPL-2.0-only'), {
      maxLength: 1,
    }),
    cpes: fc.uniqueArray(
      word.map((name) => `cpe:2.3:a:${name}:${name}:1:*:*:*:*:*:*:*`),
      { minLength: 1, maxLength: 3 },
    ),
    hashes: fc.tuple(hex(40), hex(64)).map(([sha1, sha256]) => [
      { algorithm: 'sha1' as const, value: sha1 },
      { algorithm: 'sha256' as const, value: sha256 },
    ]),
    supplier: line,
    originator: line,
    description: line,
    copyright: line,
    homepage: word.map((name) => `https://example.com/${name}`),
    downloadLocation: word.map((name) => `https://example.com/${name}.tar.gz`),
    sourceRepository: word.map((name) => `ssh://git@example.com/${name}.git`),
    source: fc.record({ name: word, version: word }),
    locations: fc.uniqueArray(
      fc.record({ path: word.map((name) => `usr/${name}`), layer: diffId.map((layer) => layer.diffId) }),
      { maxLength: 2, selector: ({ path }) => path },
    ),
    introducedBy: diffId,
    properties: fc.dictionary(
      word.map((name) => `npm:${name}`),
      line,
      { maxKeys: 2 },
    ),
  },
  { requiredKeys: [] },
);

const sboms: fc.Arbitrary<Sbom> = fc
  .uniqueArray(fc.tuple(word, word, facts), { maxLength: 6, selector: ([name]) => name })
  .chain((given) => {
    const components = given.map(([name, version, part]): Component => createComponent({ ...part, name, version }));
    const ids = components.map(({ id }) => id);
    if (ids.length === 0) return fc.constant({ ...smallSbom, components });
    return fc
      .uniqueArray(
        fc.record({ from: fc.constantFrom(...ids), to: fc.uniqueArray(fc.constantFrom(...ids), { minLength: 1 }) }),
        { maxLength: 4, selector: ({ from }) => from },
      )
      .map((dependencies) => ({ ...smallSbom, components, dependencies }));
  });

for (const [first, second] of WAYS) {
  test(`${first} and ${second}: whatever both can say survives the way there and back`, () => {
    fc.assert(
      fc.property(sboms, (made) => {
        // without the missing prototypes that are made here at random
        const sbom = structuredClone(made);
        const there = parseSbom(writeSbom(parseSbom(writeSbom(sbom, first)), second));
        assert.deepEqual(there, arrangeSbom(sbom));
        assert.deepEqual(parseSbom(writeSbom(there, first)), there);
      }),
      { numRuns: 150 },
    );
  });
}

test('what is understood of foreign documents is not lost in another format', needsSharedData, () => {
  const paths = ['spdx', 'cyclonedx'].flatMap((set) => {
    const folder = join(dataSet(set), set === 'spdx' ? 'examples' : 'docs');
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => (set === 'spdx' ? /\.(?:json|yaml|xml|spdx)$/.test(path) : /(?:^|\/)valid-/.test(path)))
      .map((path) => ({ path: join(folder, path), into: set === 'spdx' ? 'cyclonedx-json@1.7' : 'spdx-json@2.3' }));
  });
  const lost: string[] = [];
  for (const { path, into } of paths) {
    const found = arrangeSbom(parseSbom(readFileSync(path), path));
    const back = parseSbom(writeSbom(found, into));
    try {
      assert.deepEqual(withoutSecondAddress(back), withoutSecondAddress(found));
    } catch (error) {
      lost.push(`${path}: ${(error as Error).message.slice(0, 600)}`);
    }
  }
  assert.ok(paths.length > 390);
  assert.deepEqual(lost, []);
});

/** SPDX has room for one address of who made the document. */
function withoutSecondAddress(sbom: Sbom): unknown {
  const { url: _url, ...author } = { ...sbom.author };
  return sbom.author?.email === undefined ? sbom : { ...sbom, author };
}
