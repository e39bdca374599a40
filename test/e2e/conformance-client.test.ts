/** The client of Sigstore's conformance suite, against a private Sigstore. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openPlace } from './program.ts';

const root = join(import.meta.dirname, '../..');
const SUBJECT = createHash('sha256').update('content').digest('hex');

test('the client signs and verifies as the protocol says, files, digests and statements', async () => {
  const place = openPlace();
  const { folder: cwd, environment: env } = place;
  const words = ['authority', 'serve', '--address', '127.0.0.1:0', '--dir', 'authority', '--try-out', '--json'];
  const server = spawn(join(root, 'bin/plimsoll'), words, { cwd, env, stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const [printed] = (await once(server.stdout, 'data')) as [Buffer];
    const { url } = JSON.parse(printed.toString()) as { readonly url: string };
    const token = (await place.run(['authority', 'token', '--dir', 'authority', 'ada@example.com'])).stdout.trim();
    const statement = {
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: 'file', digest: { sha256: SUBJECT } }],
      predicateType: 'https://example.com/predicate',
      predicate: {},
    };
    writeFileSync(join(cwd, 'file'), 'content');
    writeFileSync(join(cwd, 'other'), 'other content');
    writeFileSync(join(cwd, 'statement'), `${JSON.stringify(statement)}\n`);
    const client = (...args: readonly string[]) =>
      spawnSync(join(root, 'test/conformance/client'), args, { cwd, env, encoding: 'utf8' });
    const trust = ['--trusted-root', 'authority/trusted_root.json'];
    const services = [...trust, '--signing-config', 'authority/signing_config.v0.2.json'];
    const who = (email: string) => ['--certificate-identity', email, '--certificate-oidc-issuer', `${url}/oidc`];
    for (const [bundle, more, signed] of [
      ['blob.json', [], 'file'],
      ['statement.json', ['--in-toto'], 'statement'],
    ] as const) {
      const sign = client('sign-bundle', ...more, '--identity-token', token, '--bundle', bundle, ...services, signed);
      assert.equal(sign.status, 0, sign.stderr);
      const verify = (email: string, what: string) =>
        client('verify-bundle', '--bundle', bundle, ...who(email), ...trust, what).status;
      assert.equal(verify('ada@example.com', 'file'), 0);
      assert.equal(verify('ada@example.com', `sha256:${SUBJECT}`), 0);
      assert.notEqual(verify('eve@example.com', 'file'), 0);
      assert.notEqual(verify('ada@example.com', 'other'), 0);
    }
    const { dsseEnvelope } = JSON.parse(readFileSync(join(cwd, 'statement.json'), 'utf8')) as {
      readonly dsseEnvelope: { readonly payload: string };
    };
    assert.equal(Buffer.from(dsseEnvelope.payload, 'base64').toString(), `${JSON.stringify(statement)}\n`);
    assert.equal(client('other').status, 2);
  } finally {
    server.kill();
    await once(server, 'exit');
    place.close();
  }
});
