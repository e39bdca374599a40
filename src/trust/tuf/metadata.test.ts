import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { AppError } from '../../core/index.ts';
import { checkFile, parseMetadata, signedBytes, signersOf } from './metadata.ts';

const TARGETS = { _type: 'targets', spec_version: '1.0.31', version: 1, expires: '2039-01-01T00:00:00Z', targets: {} };

function parse(changes: Readonly<Record<string, unknown>>) {
  const bytes = Buffer.from(JSON.stringify({ signatures: [], signed: { ...TARGETS, ...changes } }));
  return parseMetadata('targets', bytes, 'targets.json');
}

const refused = (message: RegExp) => (error: unknown) =>
  error instanceof AppError && error.kind === 'invalid-input' && message.test(error.message);

test('metadata with impossible versions, thresholds, times or contents is refused by its path', () => {
  assert.equal(parse({}).content.version, 1);
  const delegations = (role: unknown) => ({ delegations: { keys: {}, roles: [role] } });
  const cases: readonly (readonly [Readonly<Record<string, unknown>>, RegExp])[] = [
    [{ version: 0 }, /version: expected at least 1/],
    [{ version: 1.5 }, /version: expected a whole number/],
    [{ version: '1' }, /version: expected a whole number/],
    [{ spec_version: '2.0.0' }, /version 1 of the specification/],
    [{ spec_version: 1 }, /version 1 of the specification/],
    [{ spec_version: undefined }, /version 1 of the specification/],
    [{ expires: 'tomorrow' }, /expires: expected an RFC 3339 time/],
    [{ expires: '2039-01-01' }, /expires: expected an RFC 3339 time/],
    [{ _type: 'root' }, /expected targets metadata, found root/],
    [{ targets: { a: { length: -1, hashes: {} } } }, /targets\.a\.length/],
    [delegations({ name: 'a', keyids: [], threshold: 0 }), /threshold: expected at least 1/],
    [{ delegations: { keys: {}, succinct_roles: {} } }, /succinct hash bins are not supported/],
    [{ delegations: { keys: {}, roles: Array.from({ length: 2000 }, () => ({})) } }, /at most 1024 entries/],
  ];
  for (const [changes, message] of cases)
    assert.throws(() => parse(changes), refused(message), JSON.stringify(changes).slice(0, 80));
});

test('a key counts only under the scheme of its own kind', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const pem = publicKey.export({ format: 'pem', type: 'spki' });
  const signers = (scheme: string, hash: string): number => {
    const sig = sign(hash, signedBytes(TARGETS), privateKey).toString('hex');
    const bytes = Buffer.from(JSON.stringify({ signatures: [{ keyid: 'k', sig }], signed: TARGETS }));
    const key = { keytype: 'ecdsa', scheme, keyval: { public: pem } };
    return signersOf(parseMetadata('targets', bytes, 'targets.json'), { keyids: ['k'], threshold: 1 }, { k: key })
      .length;
  };
  assert.equal(signers('ecdsa-sha2-nistp384', 'sha384'), 1);
  assert.equal(signers('ecdsa-sha2-nistp384', 'sha256'), 0);
  assert.equal(signers('ecdsa-sha2-nistp256', 'sha256'), 0);
  assert.equal(signers('unknown', 'sha384'), 0);
});

test('a file without any hash of a known kind is not believed where hashes are given', () => {
  assert.throws(
    () => checkFile(Buffer.from('a'), { length: 1, hashes: { md5: '00' } }, 'a'),
    (error) => error instanceof AppError && error.kind === 'untrusted-root',
  );
});
