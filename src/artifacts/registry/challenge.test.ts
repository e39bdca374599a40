import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseChallenges } from './challenge.ts';

function parsed(...values: readonly string[]) {
  return parseChallenges(values).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
}

test('parseChallenges reads every form that registries send', () => {
  assert.deepEqual(parsed('Basic realm="a"'), [['basic', { realm: 'a' }]]);
  assert.deepEqual(parsed('Bearer realm="https://a/t",service="s",scope="repository:x:pull,push"'), [
    ['bearer', { realm: 'https://a/t', service: 's', scope: 'repository:x:pull,push' }],
  ]);
  assert.deepEqual(parsed('BEARER Realm = "a" , Service=s'), [['bearer', { realm: 'a', service: 's' }]]);
  assert.deepEqual(parsed('Basic realm="a", Bearer realm="b",service="c"'), [
    ['basic', { realm: 'a' }],
    ['bearer', { realm: 'b', service: 'c' }],
  ]);
  assert.deepEqual(parsed('Negotiate, Basic realm="a"'), [
    ['negotiate', {}],
    ['basic', { realm: 'a' }],
  ]);
  assert.deepEqual(parsed('Negotiate dG9r==, Basic realm="a"'), [
    ['negotiate', {}],
    ['basic', { realm: 'a' }],
  ]);
  assert.deepEqual(parsed('Basic realm="a"', 'Bearer realm="b"').length, 2);
  assert.deepEqual(parsed('Basic realm="a \\"quoted\\", b"'), [['basic', { realm: 'a "quoted", b' }]]);
  assert.deepEqual(parsed('Basic'), [['basic', {}]]);
});

test('parseChallenges gives what it can of a broken header and ends on any input', () => {
  assert.deepEqual(parsed(''), []);
  assert.deepEqual(parsed('Bearer realm="unclosed'), [['bearer', {}]]);
  assert.deepEqual(parsed('Bearer realm='), [['bearer', {}]]);
  assert.deepEqual(parsed('=x'), []);
  assert.deepEqual(parsed(`Bearer realm="${'a'.repeat(20_000)}"`), []);
  for (let seed = 0; seed < 500; seed += 1) {
    const text = Array.from({ length: 12 }, (_, index) => 'aB ,="\\ x;'[(seed * 7 + index * index * 3) % 10]).join('');
    parseChallenges([text]);
  }
});
