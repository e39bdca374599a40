/** The published vectors of the image and distribution specifications. Names of images and credential files are tested where they are read. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { chainIdsOf } from '../../src/artifacts/image/chain-id.ts';
import { EMPTY_CONTENT, EMPTY_DESCRIPTOR } from '../../src/artifacts/manifest.ts';
import { fallbackTag } from '../../src/artifacts/registry/referrers.ts';
import { findFault, type DocumentKind } from '../../src/artifacts/strict.ts';
import { digestOf, parseReference, type Digest } from '../../src/core/index.ts';
import { dataSet, needsSharedData } from '../shared-data.ts';

function load(path: string): unknown {
  return JSON.parse(readFileSync(join(dataSet('oci'), path), 'utf8'));
}

interface SchemaCase {
  readonly suite: string;
  readonly schema: string;
  readonly document: string;
  readonly valid: boolean;
  readonly reason?: string;
  readonly digestOfDocument?: string;
}

const KINDS: Readonly<Record<string, DocumentKind>> = {
  'image-manifest-schema.json': 'manifest',
  'image-index-schema.json': 'index',
  'config-schema.json': 'config',
  'content-descriptor.json': 'descriptor',
  'image-layout-schema.json': 'layout',
};

test('documents break a rule of the image specification exactly where its own tests say so', needsSharedData, () => {
  const { cases } = load('image-spec/schema-vectors.json') as { readonly cases: readonly SchemaCase[] };
  assert.equal(cases.length, 71);
  for (const { schema, suite, document, valid, reason, digestOfDocument } of cases) {
    const kind = KINDS[schema];
    assert.ok(kind !== undefined, schema);
    const fault = findFault(kind, document, 'x');
    assert.equal(fault === undefined, valid, `${suite}: ${reason ?? document}: ${fault ?? 'no fault found'}`);
    if (digestOfDocument !== undefined) assert.equal(digestOf(document), digestOfDocument);
  }
});

interface Example {
  readonly title: string;
  readonly document: string;
  readonly schema: string;
}

test('the examples of the image specification break no rule', needsSharedData, () => {
  const { examples } = load('image-spec/spec-examples.json') as { readonly examples: readonly Example[] };
  assert.equal(examples.length, 13);
  for (const { title, schema, document } of examples) {
    assert.equal(findFault(KINDS[schema] ?? 'descriptor', document, title), undefined);
  }
});

interface Vectors {
  readonly referrersTag: readonly { readonly digest: string; readonly tag: string }[];
  readonly chainIds: readonly { readonly diffIds: readonly Digest[]; readonly chainIds: readonly Digest[] }[];
  readonly emptyDescriptor: Readonly<Record<string, unknown>>;
  readonly nameRegex: string;
  readonly tagRegex: string;
}

const vectors = () => load('conformance/distribution-vectors.json') as Vectors;

test('fallback tags of referrers are the published ones', needsSharedData, () => {
  for (const { digest, tag } of vectors().referrersTag) assert.equal(fallbackTag(digest), tag);
});

test('chain ids are the published ones', needsSharedData, () => {
  for (const { diffIds, chainIds } of vectors().chainIds) assert.deepEqual(chainIdsOf(diffIds), chainIds);
});

test('the empty descriptor is the published one', needsSharedData, () => {
  const { data, ...rest } = vectors().emptyDescriptor;
  assert.deepEqual({ ...EMPTY_DESCRIPTOR }, rest);
  assert.equal(Buffer.from(EMPTY_CONTENT).toString('base64'), data);
});

test('names and tags are what the published expressions allow', needsSharedData, () => {
  const { nameRegex, tagRegex } = vectors();
  const [name, tag] = [new RegExp(`^${nameRegex}$`), new RegExp(`^${tagRegex}$`)];
  const part = fc.string({ unit: fc.constantFrom('a', '0', 'Z', '.', '_', '-', '/'), minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(part, (text) => {
      assert.equal(isReference(`h.io/${text}`), name.test(text), text);
      if (!text.includes('/')) assert.equal(isReference(`h.io/a:${text}`), tag.test(text), text);
    }),
    { numRuns: 2000 },
  );
});

function isReference(text: string): boolean {
  try {
    parseReference(text);
    return true;
  } catch {
    return false;
  }
}
