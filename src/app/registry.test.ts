import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseReference } from '../core/index.ts';
import { accessBeside } from './registry.ts';

test('what proves who we are to one registry is not shown to another', () => {
  const credential = { kind: 'password', username: 'u', password: 'p' } as const;
  const access = { credential, certFile: 'c.pem', keyFile: 'k.pem', caFile: 'ca.pem', insecure: true };
  const target = parseReference('registry.example.com/a');
  assert.deepEqual(accessBeside(access, target, parseReference('other.example.com/a')), {
    caFile: 'ca.pem',
    insecure: true,
  });
  assert.equal(accessBeside(access, target, parseReference('registry.example.com/b')), access);
  assert.deepEqual(accessBeside(undefined, target, target), {});
});
