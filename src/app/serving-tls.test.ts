import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { AppError } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { ensureServingTls, loadServingTls } from './serving-tls.ts';

test('a certificate is served only with its own key; a self-made pair that a crash tore apart is made anew', async () => {
  const ports = createTestPorts();
  const [folder, other] = [join(ports.home, 'a'), join(ports.home, 'b')];
  const first = await ensureServingTls(ports, folder, ['localhost']);
  assert.deepEqual(await ensureServingTls(ports, folder, ['localhost']), first);
  const { key } = await ensureServingTls(ports, other, ['localhost']);
  const files = { certificate: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
  for (const wrong of [key, '-----BEGIN PRIVATE KEY-----\n']) {
    await ports.files.writeAtomic(files.key, wrong);
    await assert.rejects(loadServingTls(ports, files), (error) => {
      assert.ok(error instanceof AppError && error.kind === 'invalid-input', String(error));
      assert.match(error.message, /tls\.crt: expected a certificate that belongs to .*tls\.key/);
      return true;
    });
  }
  const anew = await ensureServingTls(ports, folder, ['localhost']);
  assert.notEqual(anew.certificate, first.certificate);
  assert.deepEqual(await loadServingTls(ports, files), anew);
});
