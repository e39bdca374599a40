import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { dataSet, needsSharedData } from '../../test/shared-data.ts';
import { AppError } from './errors.ts';
import { parseDigest } from './digest.ts';
import { formatReference, parseReference, parseRegistry, referenceWithDigest, targetOf } from './reference.ts';

const hex = 'a'.repeat(64);

function refuses(text: string) {
  assert.throws(
    () => parseReference(text),
    (error) => error instanceof AppError && error.kind === 'invalid-input',
    `${text} was accepted`,
  );
}

function accepts(text: string): boolean {
  try {
    parseReference(text);
    return true;
  } catch (error) {
    if (error instanceof AppError && error.kind === 'invalid-input') return false;
    throw error;
  }
}

/** Case whose outcome we decided against the library it comes from. */
const OTHERWISE: ReadonlyMap<string, string> = new Map([
  ['Docker/docker', 'a capital in the first part would silently name a host'],
  ['DOCKER/docker', 'a capital in the first part would silently name a host'],
  ['Foo/bar', 'a capital in the first part would silently name a host'],
  ['FOO/bar', 'a capital in the first part would silently name a host'],
  ['1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d3c5b7a9f1e3d5d7c9b1a3f5e7d9c1b3a', 'a bare image id is no name in a registry'],
]);

interface GgcrCase {
  readonly kind: string;
  readonly input: string;
  readonly weakValid: boolean;
  readonly name?: string;
  readonly identifier?: string;
}

function load(file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(dataSet('oci'), 'references', file), 'utf8')) as Record<string, unknown>;
}

test('parseReference agrees with the published cases of go-containerregistry', needsSharedData, () => {
  for (const entry of load('ggcr-names.json').cases as readonly GgcrCase[]) {
    if (entry.kind === 'registry') continue;
    assert.equal(accepts(entry.input), entry.weakValid, entry.input);
    if (!entry.weakValid || entry.name === undefined) continue;
    const { tag, ...rest } = parseReference(entry.input);
    const name = formatReference(entry.kind === 'digest' || tag === undefined ? rest : { ...rest, tag });
    assert.equal(name, entry.name);
  }
});

test('parseRegistry agrees with the published cases of go-containerregistry', needsSharedData, () => {
  for (const entry of load('ggcr-names.json').cases as readonly GgcrCase[]) {
    // an empty registry is no default here: a forgotten value must not mean Docker Hub
    if (entry.kind !== 'registry' || entry.input === '') continue;
    if (entry.weakValid) assert.equal(parseRegistry(entry.input), entry.name ?? entry.input);
    else assert.throws(() => parseRegistry(entry.input), AppError);
  }
});

test('parseReference agrees with the published cases of distribution/reference', needsSharedData, () => {
  const all = load('distribution-reference.json');
  for (const text of all.normalizedValid as readonly string[]) assert.equal(accepts(text), !OTHERWISE.has(text), text);
  for (const text of all.normalizedInvalid as readonly string[]) refuses(text);
  for (const group of all.normalize as readonly { inputs: readonly string[]; path: string; domain: string }[]) {
    for (const text of group.inputs) {
      if (OTHERWISE.has(text)) continue;
      const { registry, repository } = parseReference(text);
      assert.equal(registry, group.domain === 'docker.io' ? 'index.docker.io' : group.domain);
      assert.equal(repository, group.path);
    }
  }
});

test('parseReference agrees with the raw cases of distribution/reference', needsSharedData, () => {
  interface Raw {
    readonly input: string;
    readonly error?: string;
    readonly tag?: string;
    readonly digest?: string;
  }
  for (const entry of load('distribution-reference.json').parse as readonly Raw[]) {
    if (entry.error !== undefined) {
      refuses(entry.input);
      continue;
    }
    // without normalisation `a` is a host there; here it is part of a name that is then too long with `library` or not
    if (entry.input.startsWith('a/a/')) continue;
    const reference = parseReference(entry.input);
    assert.equal(reference.tag, entry.tag, entry.input);
    assert.equal(reference.digest, entry.digest, entry.input);
  }
});

test('parseReference keeps tag and digest and invents neither', () => {
  const both = parseReference(`example.com/app:v1@sha256:${hex}`);
  assert.deepEqual(both, {
    registry: 'example.com',
    repository: 'app',
    tag: 'v1',
    digest: `sha256:${hex}`,
  });
  const neither = parseReference('nginx');
  assert.deepEqual(neither, { registry: 'index.docker.io', repository: 'library/nginx' });
  assert.equal(targetOf(neither), 'latest');
  assert.equal(targetOf(both), `sha256:${hex}`);
});

test('parseReference writes hosts in lower case, so that credentials and caches meet', () => {
  assert.equal(parseReference('Registry.Example.COM:5000/app').registry, 'registry.example.com:5000');
});

test('parseReference refuses what is not a reference', () => {
  for (const text of [
    '',
    ':tag',
    `sha256:${hex}`,
    hex,
    'a b',
    'example.com/',
    'example.com/App',
    'app:',
    'app@',
    `app@sha256:${hex.toUpperCase()}`,
    `app@md5:${'0'.repeat(32)}`,
    'https://example.com/app',
    'example.com/../etc',
    'example.com/a//b',
    'example.com:99999999/app',
    'example.com\n/app',
    'app:tag\n',
    'a'.repeat(2000),
    `app:${'t'.repeat(129)}`,
  ]) {
    refuses(text);
  }
});

test('referenceWithDigest drops the tag, so that nothing mutable remains', () => {
  const reference = referenceWithDigest(parseReference('example.com/app:v1'), parseDigest(`sha256:${hex}`));
  assert.equal(formatReference(reference), `example.com/app@sha256:${hex}`);
});

test('what parseReference accepts, formatReference writes so that it parses to the same', () => {
  const part = fc.constantFrom(
    'a',
    'A',
    '0',
    '.',
    ':',
    '/',
    '@',
    '-',
    '_',
    'localhost',
    'x.io',
    '[::1]',
    `sha256:${hex}`,
    ' ',
    '%',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 9 }), (parts) => {
      const text = parts.join('');
      if (!accepts(text)) return;
      const reference = parseReference(text);
      assert.deepEqual(parseReference(formatReference(reference)), reference, text);
    }),
    { numRuns: 2000 },
  );
});
