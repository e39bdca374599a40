/** A private Sigstore behind a certificate of its own: clients reach it once they are told whose certificate to believe. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openPlace } from './program.ts';

test('signing over HTTPS with a self-made certificate works with the authority in the settings, and not without', async () => {
  const place = openPlace();
  const { folder: cwd, environment: env } = place;
  const words = [
    'authority',
    'serve',
    '--address',
    '127.0.0.1:0',
    '--dir',
    'authority',
    '--try-out',
    '--tls',
    '--json',
  ];
  const program = join(import.meta.dirname, '../../bin/plimsoll');
  const server = spawn(program, words, { cwd, env, stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const ended = once(server, 'exit').then(([code]) => assert.fail(`the authority ended with ${String(code)}`));
    const [printed] = (await Promise.race([once(server.stdout, 'data'), ended])) as [Buffer];
    const { caFile = '' } = JSON.parse(printed.toString()) as { readonly caFile?: string };
    const token = await place.run(['authority', 'token', '--dir', 'authority', 'ada@example.com']);
    writeFileSync(join(cwd, 'token'), token.stdout);
    writeFileSync(join(cwd, 'file'), 'content');
    const services = ['--signing-config', 'authority/signing_config.v0.2.json', '--identity-token', 'token'];
    const sign = ['sign-blob', ...services, '--bundle', 'bundle.json', 'file'];
    const refused = await place.run(sign);
    assert.equal(refused.code, 6, refused.stderr);
    assert.match(refused.stderr, /certificate/);
    writeFileSync(join(cwd, 'settings.yaml'), JSON.stringify({ caFile }));
    const signed = await place.run([...sign, '--config', 'settings.yaml']);
    assert.equal(signed.code, 0, signed.stderr);
    writeFileSync(join(cwd, 'broken.yaml'), JSON.stringify({ caFile: join(cwd, 'file') }));
    const broken = await place.run([...sign, '--config', 'broken.yaml']);
    assert.equal(broken.code, 3, broken.stderr);
  } finally {
    if (server.exitCode === null) {
      server.kill();
      await once(server, 'exit');
    }
    place.close();
  }
});
