import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { AppError } from '../../core/index.ts';
import { dataSet, needsSharedData } from '../../../test/shared-data.ts';
import { createPurl, findPurl, formatPurl, parsePurl } from './purl.ts';

interface OfficialTest {
  readonly description: string;
  readonly test_group: string;
  readonly test_type: 'parse' | 'build' | 'validate';
  readonly input: unknown;
  readonly expected_output: unknown;
  readonly expected_failure: boolean;
}

interface Parts {
  readonly type: string | null;
  readonly namespace: string | null;
  readonly name: string | null;
  readonly version: string | null;
  readonly qualifiers: Record<string, string> | null;
  readonly subpath: string | null;
}

function officialTests(): readonly OfficialTest[] {
  const root = join(dataSet('purl'), 'tests');
  const files = [
    join(root, 'spec/specification-test.json'),
    ...readdirSync(join(root, 'types')).map((name) => join(root, 'types', name)),
  ];
  return files.flatMap((file) => (JSON.parse(readFileSync(file, 'utf8')) as { tests: OfficialTest[] }).tests);
}

function run(official: OfficialTest): unknown {
  if (official.test_type === 'build') {
    const parts = official.input as Parts;
    return formatPurl(
      createPurl({
        type: parts.type ?? '',
        namespace: parts.namespace ?? undefined,
        name: parts.name ?? '',
        version: parts.version ?? undefined,
        qualifiers: parts.qualifiers ?? undefined,
        subpath: parts.subpath ?? undefined,
      }),
    );
  }
  const purl = parsePurl(official.input as string);
  if (official.test_type === 'validate') return formatPurl(purl);
  return {
    type: purl.type,
    namespace: purl.namespace ?? null,
    name: purl.name,
    version: purl.version ?? null,
    qualifiers: purl.qualifiers.size === 0 ? null : Object.fromEntries(purl.qualifiers),
    subpath: purl.subpath ?? null,
  };
}

function fails(official: OfficialTest): string | undefined {
  try {
    const found = run(official);
    if (official.expected_failure) return `accepted, gave ${JSON.stringify(found)}`;
    assert.deepEqual(found, official.expected_output);
    return undefined;
  } catch (thrown) {
    if (official.expected_failure && thrown instanceof AppError && thrown.kind === 'invalid-input') return undefined;
    return thrown instanceof AppError
      ? thrown.message
      : `expected ${JSON.stringify(official.expected_output)} ${String(thrown)}`;
  }
}

test('every required test of the official package URL suite passes', needsSharedData, () => {
  const required = officialTests().filter((official) => official.test_group === 'required');
  const failed = required.flatMap((official) => {
    const reason = fails(official);
    return reason === undefined ? [] : [`${official.test_type} ${JSON.stringify(official.input)}: ${reason}`];
  });
  assert.equal(required.length, 521);
  assert.deepEqual(failed, []);
});

test('a canonical package URL parses to itself', () => {
  const word = fc.stringMatching(/^[a-zA-Z0-9@+~ .:%/-]{1,8}$/).filter((text) => /[a-z0-9]/.test(text));
  fc.assert(
    fc.property(word, word, word, (namespace, name, version) => {
      const text = formatPurl(createPurl({ type: 'generic', namespace, name, version, qualifiers: { a: version } }));
      assert.equal(formatPurl(parsePurl(text)), text);
    }),
  );
});

test('parsePurl refuses text that is no package URL, and findPurl gives nothing', () => {
  for (const text of ['', 'pkg:', 'pkg:npm', 'npm/left-pad', 'pkg:npm/a%zz', `pkg:npm/${'a'.repeat(5000)}`]) {
    assert.throws(() => parsePurl(text), { kind: 'invalid-input' });
    assert.equal(findPurl(text), undefined);
  }
});

test('createPurl refuses what has no bytes to be written as', () => {
  for (const part of ['name', 'version', 'namespace', 'subpath'])
    assert.throws(() => createPurl({ type: 'nuget', name: 'a', [part]: 'x\ud800' }), {
      kind: 'invalid-input',
      message: /expected whole characters/,
    });
  assert.equal(formatPurl(createPurl({ type: 'nuget', name: 'a\u{1f600}' })), 'pkg:nuget/a%F0%9F%98%80');
});
