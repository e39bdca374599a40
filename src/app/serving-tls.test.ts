import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Agent, request } from 'node:https';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { AppError } from '../core/index.ts';
import { createServingCertificate } from '../trust/crypto/index.ts';
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

test('a renewed certificate is served from the next connection on, and connections that stand go on', async () => {
  const ports = createTestPorts();
  const make = async (serial: number) =>
    await createServingCertificate({ hosts: ['127.0.0.1'], at: new Date(), days: 1, serial: Buffer.alloc(16, serial) });
  const [first, second] = [await make(1), await make(2)];
  const server = await ports.serve(async () => new Response('ok'), { host: '127.0.0.1', port: 0, tls: first });
  const standing = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = async (agent: Agent, ca: string) =>
    await new Promise<string>((resolve, reject) => {
      const asking = request(server.url, { agent, ca }, (response) => {
        const { serialNumber } = (response.socket as TLSSocket).getPeerCertificate();
        response.resume();
        response.on('end', () => resolve(serialNumber));
      });
      asking.on('error', reject);
      asking.end();
    });
  const before = await ask(standing, first.certificate);
  server.renew(second);
  assert.equal(await ask(standing, first.certificate), before);
  assert.notEqual(await ask(new Agent(), second.certificate), before);
  standing.destroy();
  await server.close();
});
