/**
 * Signing as a workload of SPIFFE: a Workload API by SPIFFE's and gRPC's own libraries gives the token to us and to released cosign, and
 * our authority certifies the SPIFFE id.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createBench, missingPeers, peer, PLIMSOLL, startPeer, type Bench, type Host, type Server } from './support.ts';

const WORKLOAD = 'spiffe://example.org/ns/ci/sa/builder';

describe('a workload of SPIFFE', missingPeers('PEER_WORKLOAD_API'), () => {
  let bench: Bench;
  let provider: Host;
  let authority: Server;
  let socket: string;
  let tcp: string;

  before(async () => {
    bench = await createBench();
    provider = await startPeer((address) => {
      const [host, port] = address.split(':');
      socket = join(bench.folder, `agent-${port}.sock`);
      tcp = `${host}:${Number(port) + 1}`;
      return peer('PEER_WORKLOAD_API')(socket, tcp, address);
    }, '/keys');
    const words = ['--dir', 'authority', '--oidc-issuer', `spiffe=${provider.url}`];
    authority = await bench.serve(['authority', 'serve', '--address', '127.0.0.1:0', ...words]);
    await writeFile(join(bench.folder, 'file'), 'content');
  });
  after(async () => {
    await authority.stop();
    await provider.stop();
    await bench.stop();
  });

  const trust = ['--trusted-root', 'authority/trusted_root.json'];
  const services = ['--signing-config', 'authority/signing_config.v0.2.json'];
  const verify = async (program: readonly string[], bundle: string, name = WORKLOAD) => {
    const who = ['--certificate-identity', name, '--certificate-oidc-issuer', provider.url];
    return (await bench.attempt([...program, 'verify-blob', ...trust, ...who, '--bundle', bundle, 'file'])).code;
  };

  test('signs with the token that its agent gives over a socket or TCP', async () => {
    for (const [bundle, endpoint] of [
      ['unix.json', `unix://${socket}`],
      ['path.json', socket],
      ['tcp.json', `tcp://${tcp}`],
    ] as const) {
      const env = { SPIFFE_ENDPOINT_SOCKET: endpoint };
      await bench.run([PLIMSOLL, 'sign-blob', ...services, '--bundle', bundle, 'file'], { env });
      assert.equal(await verify([PLIMSOLL], bundle), 0, bundle);
      assert.equal(await verify([PLIMSOLL], bundle, `${WORKLOAD}x`), 1, bundle);
    }
  });

  test('is told when nobody is there', async () => {
    const env = { SPIFFE_ENDPOINT_SOCKET: `unix://${socket}x` };
    const { code, stderr } = await bench.attempt([PLIMSOLL, 'sign-blob', ...services, '--bundle', 'x', 'file'], {
      env,
    });
    assert.equal(code, 6, stderr);
    assert.match(stderr, /ENOENT/);
  });

  test('is the same to cosign', missingPeers('PEER_COSIGN3'), async () => {
    const cosign = peer('PEER_COSIGN3');
    const env = { SPIFFE_ENDPOINT_SOCKET: socket };
    const words = ['--yes', '--oidc-provider', 'spiffe', ...trust, ...services];
    await bench.run(cosign('sign-blob', ...words, '--bundle', 'theirs.json', 'file'), { env });
    const ours = ['--oidc-provider', 'spiffe', ...services, '--bundle', 'ours.json', 'file'];
    await bench.run([PLIMSOLL, 'sign-blob', ...ours], { env });
    assert.equal(await verify([PLIMSOLL], 'theirs.json'), 0);
    const stamped = ['--use-signed-timestamps', '--bundle', 'ours.json', 'file'];
    const who = ['--certificate-identity', WORKLOAD, '--certificate-oidc-issuer', provider.url];
    await bench.run(cosign('verify-blob', ...trust, ...who, ...stamped));
  });
});
