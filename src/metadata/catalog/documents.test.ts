import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AppError } from '../../core/index.ts';
import { parseJsonc, parseToml, parseYaml } from './documents.ts';

const bytes = (text: string) => Buffer.from(text);
const refused = (message: RegExp) => ({ kind: 'invalid-input', message });

test('JSON may have comments and trailing commas, of which strings may hold the marks', () => {
  const text = '{ // one\n "a": "// no, /* no */ ,]", /* two */ "b": [1, 2, /* three */ ], }';
  assert.deepEqual(parseJsonc(bytes(text), 'x'), { a: '// no, /* no */ ,]', b: [1, 2] });
  assert.throws(() => parseJsonc(bytes('{"a": /* open'), 'x'), refused(/^x: expected JSON/));
});

test('TOML has no prototype to reach', () => {
  const table = parseToml(bytes('[__proto__]\na = 1\n'), 'x');
  assert.equal(Object.getPrototypeOf(table), null);
  assert.equal(({} as { a?: number }).a, undefined);
  assert.throws(() => parseToml(bytes('a = '), 'x'), refused(/^x: expected TOML/));
});

test('whatever the bytes, only invalid-input is thrown', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    ',',
    ':',
    '=',
    '<a',
    '>',
    '</a>',
    '&',
    '/*',
    '//',
    '\n',
    '- ',
    '  ',
    '#',
    '[[',
    '"""',
    'x',
  );
  const text = fc.array(piece, { maxLength: 60 }).map((pieces) => bytes(pieces.join('')));
  fc.assert(
    fc.property(fc.oneof(text, fc.uint8Array({ maxLength: 100 })), (content) => {
      for (const parse of [parseYaml, parseJsonc, parseToml]) {
        try {
          parse(content, 'x');
        } catch (thrown) {
          assert.ok(thrown instanceof AppError && thrown.kind === 'invalid-input', String(thrown));
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('time grows with the length alone', () => {
  for (const piece of ['/*', '",', ', ', '"\\', '// ']) {
    const start = performance.now();
    assert.throws(() => parseJsonc(bytes(piece.repeat(200_000)), 'x'), { kind: 'invalid-input' });
    assert.ok(performance.now() - start < 2000, piece);
  }
});
