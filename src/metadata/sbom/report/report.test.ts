import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseXml } from '../../../core/index.ts';
import type { XmlElement } from '../../../core/index.ts';
import type { Sbom } from '../sbom.ts';
import { createComponent, fullSbom, smallSbom } from '../testing.ts';
import { formatSbomHtml } from './html.ts';
import { buildTree, formatSbomTree } from './tree.ts';

const parts = (page: string, tag: string) => [...page.matchAll(new RegExp(`<${tag}>([^]*?)</${tag}>`, 'g'))];

/** All elements; the style and the script apart, which are no XML. */
function elementsOf(page: string): readonly XmlElement[] {
  const plain = page.replace(/^<!DOCTYPE html>\n/, '').replaceAll(/<(style|script)>[^]*?<\/\1>/g, '');
  const all: XmlElement[] = [];
  const waiting = [parseXml(plain, { what: 'page', maxLength: 50_000_000 })];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    all.push(next);
    waiting.push(...next.children);
  }
  return all;
}

const sbomOf = (names: readonly string[], edges: readonly (readonly [string, readonly string[]])[]): Sbom => {
  const id = (name: string) => `pkg:npm/${name}@1`;
  return {
    ...smallSbom,
    components: names.map((name) => createComponent({ name, version: '1' })),
    dependencies: edges.map(([from, to]) => ({ from: id(from), to: to.map(id) })),
  };
};

test('the page runs and styles nothing but what its policy names, and points nowhere else', () => {
  const page = formatSbomHtml(fullSbom);
  const metas = elementsOf(page).filter(({ attributes }) => attributes['http-equiv'] === 'Content-Security-Policy');
  const policy = metas[0]?.attributes['content'] ?? '';
  for (const tag of ['style', 'script']) {
    const found = parts(page, tag);
    assert.equal(found.length, 1);
    const digest = createHash('sha256')
      .update(found[0]?.[1] ?? '')
      .digest('base64');
    assert.ok(policy.includes(`${tag}-src 'sha256-${digest}'`), tag);
  }
  assert.match(policy, /^default-src 'none';/);
  for (const { name, attributes } of elementsOf(page)) {
    assert.doesNotMatch(Object.keys(attributes).join(' '), /\b(?:on\w+|src|style|srcset|action)\b/, name);
    assert.match(attributes['href'] ?? '#', /^#/);
  }
});

test('whatever a document says stays text', () => {
  const elements = (sbom: Sbom) =>
    elementsOf(formatSbomHtml(sbom))
      .map(({ name }) => name)
      .sort()
      .join(' ');
  const sbomWith = (text: string): Sbom => ({
    ...fullSbom,
    subject: { ...fullSbom.subject, name: text },
    layers: (fullSbom.layers ?? []).map((layer) => ({ ...layer, instruction: text })),
    base: { name: text, foundBy: 'given', isExcluded: true },
    skipped: [{ path: text, reason: text }],
    components: fullSbom.components.map((component, index) => ({
      ...component,
      name: text,
      version: text,
      licences: [text],
      supplier: text,
      description: text,
      locations: [{ path: text }],
      properties: {},
      id: `${component.id}${index}`,
    })),
  });
  const expected = elements(sbomWith('plain'));
  for (const text of [
    '</script><script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' onfocus='x",
    '<!--',
    '&lt;b&gt;',
    ']]>',
  ])
    assert.equal(elements(sbomWith(text)), expected, text);
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }), (text) => {
      assert.equal(elements(sbomWith(`x${text}`)), expected);
    }),
    { numRuns: 8 },
  );
});

test('each component has a row, and what was not read, layers and the base are told', () => {
  const page = formatSbomHtml(fullSbom);
  assert.equal(page.match(/<tr id="c\d+"/g)?.length, fullSbom.components.length);
  for (const text of ['usr/bin/huge', 'docker.io/library/debian:12', 'gone in 1', 'ADD &quot;rootfs&quot;'])
    assert.ok(page.includes(text), text);
  assert.match(formatSbomHtml(smallSbom), /All that may hold components was read/);
  assert.equal(formatSbomHtml(fullSbom), page);
});

test('few dependencies are drawn, each line from left to right; many are a tree alone', () => {
  const page = formatSbomHtml(
    sbomOf(
      ['a', 'b', 'c'],
      [
        ['a', ['b', 'c']],
        ['b', ['c']],
      ],
    ),
  );
  const svg = /<div class="picture"[^]*?<\/svg>/.exec(page)?.[0] ?? '';
  assert.equal(svg.match(/<rect/g)?.length, 4);
  assert.equal(svg.match(/<path/g)?.length, 4);
  assert.doesNotMatch(svg, /class="back"/);
  const circle = formatSbomHtml(
    sbomOf(
      ['a', 'b'],
      [
        ['a', ['b']],
        ['b', ['a']],
      ],
    ),
  );
  assert.equal(circle.match(/class="back"/g)?.length, 1);
  const names = Array.from({ length: 100 }, (_, index) => `n${index}`);
  const large = formatSbomHtml(sbomOf(names, [['n0', names.slice(1)]]));
  assert.doesNotMatch(large, /class="picture"/);
  assert.match(large, /<ul class="tree">/);
});

test('the tree spreads each component once, and ends where it goes in circles', () => {
  const sbom = sbomOf(
    ['a', 'b', 'c', 'd'],
    [
      ['a', ['b', 'c']],
      ['b', ['d']],
      ['c', ['b']],
      ['d', ['b']],
    ],
  );
  assert.equal(
    formatSbomTree(sbom),
    [
      '.',
      '└── a 1',
      '    ├── b 1',
      '    │   └── d 1',
      '    │       └── b 1 (see above)',
      '    └── c 1',
      '        └── b 1 (see above)',
    ].join('\n'),
  );
  assert.equal(formatSbomTree(smallSbom), '.');
});

test('a tree has ceilings, and says what it leaves out', () => {
  const names = Array.from({ length: 50 }, (_, index) => `n${String(index).padStart(2, '0')}`);
  const chain = sbomOf(
    names,
    names.slice(1).map((name, index) => [names[index] ?? '', [name]] as const),
  );
  const deep = buildTree(chain, { nodes: 1000, depth: 10 });
  let node = deep.roots[0];
  let depth = 1;
  for (; node?.children[0] !== undefined; node = node.children[0]) depth += 1;
  assert.equal(depth, 10);
  assert.equal(node?.cut, 'deep');
  assert.equal(buildTree(sbomOf(names, []), { nodes: 20, depth: 10 }).left, 30);
  const long = Array.from({ length: 3000 }, (_, index) => `m${index}`);
  const longest = sbomOf(
    long,
    long.slice(1).map((name, index) => [long[index] ?? '', [name]] as const),
  );
  assert.match(formatSbomTree(longest), /deeper ones are not shown/);
  assert.doesNotThrow(() => formatSbomHtml(longest));
});
