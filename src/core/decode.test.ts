import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseJson, parseShallowJson } from './decode.ts';

const nested = (depth: number, inner = '0') => '[0,'.repeat(depth) + inner + ']'.repeat(depth);

test('JSON is read to a depth that nothing real reaches, and refused below', () => {
  assert.ok(Array.isArray(parseShallowJson(nested(1000))));
  assert.throws(() => parseShallowJson(nested(1001)), SyntaxError);
  assert.throws(() => parseShallowJson('{"a":'.repeat(1001)), SyntaxError);
  assert.throws(() => parseJson(nested(1001), { what: 'x' }), { kind: 'invalid-input', message: /x: .*1000 levels/ });
});

test('a deep text that ends in an error is refused before it is parsed', () => {
  // of V8's own parser, this ends the process
  for (let run = 0; run < 20; run++) assert.throws(() => parseShallowJson(`${'[1,'.repeat(100_000)}{}`), SyntaxError);
});

test('brackets in strings are no nesting, whatever is escaped there', () => {
  const texts = ['['.repeat(3000), '"['.repeat(1500), '\\'.repeat(999) + '['.repeat(2000), '\\"['.repeat(1500)];
  for (const text of texts)
    assert.deepEqual(parseShallowJson(JSON.stringify([text, { [text]: 1 }])), [text, { [text]: 1 }]);
});

test('what is not deep is parsed as JSON.parse does', () => {
  const outcome = (parse: (text: string) => unknown, text: string) => {
    try {
      return { value: parse(text) };
    } catch (thrown) {
      return { error: (thrown as Error).message };
    }
  };
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json(),
        fc.string(),
        fc.json().map((text) => text.slice(1)),
      ),
      (text) => {
        const padded = ' '.repeat(1200) + text;
        assert.deepEqual(outcome(parseShallowJson, padded), outcome(JSON.parse, padded));
      },
    ),
  );
});
