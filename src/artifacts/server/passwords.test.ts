import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError } from '../../core/index.ts';
import { changeHtpasswd, hashPassword, isPassword, parseHtpasswd } from './passwords.ts';

/** Made by htpasswd -nbB of Apache 2.4. */
const APACHE = 'alice:$2y$05$Ws6n5vzYdfwMOJQFRD1ZzeYXZ795aCd/VCqUppffz/ISTum5DPpQi';
const HASH = /:(.*)/.exec(APACHE)?.[1] ?? '';

test('htpasswd files are read with comments and empty lines, and every fault is named with its line', async () => {
  assert.equal(await isPassword('secret', HASH), true);
  assert.deepEqual(parseHtpasswd(`# users\n\n${APACHE}\r\n`, 'users'), new Map([['alice', HASH]]));
  const faults: readonly (readonly [string, RegExp])[] = [
    ['alice:secret', /^users:1: expected a bcrypt hash for alice/],
    ['alice:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=', /^users:1: /],
    [`${APACHE}\nalice:${HASH}`, /^users:2: expected each user once/],
    [`:${HASH}`, /^users:1: .*no name/],
    [HASH, /^users:1: /],
  ];
  for (const [text, message] of faults) {
    assert.throws(
      () => parseHtpasswd(text, 'users'),
      (error) => error instanceof AppError && error.kind === 'invalid-input' && message.test(error.message),
      text,
    );
  }
});

test('a password is hashed so that it alone fits, and one that bcrypt would cut short is refused', async () => {
  const hash = await hashPassword('secret');
  assert.equal(await isPassword('secret', hash), true);
  assert.equal(await isPassword('secret ', hash), false);
  for (const password of ['', 'x'.repeat(73)]) {
    await assert.rejects(hashPassword(password), (error) => error instanceof AppError && error.kind === 'usage');
  }
});

test('a user is set and removed, and all other lines stay', () => {
  const text = `# users\n${APACHE}\nbob:${HASH}\n`;
  assert.equal(changeHtpasswd(text, 'alice', 'new'), `# users\nbob:${HASH}\nalice:new\n`);
  assert.equal(changeHtpasswd(text, 'bob', undefined), `# users\n${APACHE}\n`);
  assert.equal(changeHtpasswd('', 'carol', 'hash'), 'carol:hash\n');
});
