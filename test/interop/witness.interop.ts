/**
 * Witnesses: our log cosigned by litewitness and by our witness, as released verifiers take it; our witness asked by Rekor's tile log,
 * whose client of witnesses is Tessera's.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { formatVerifierKey, importSpki, NOTE_KEY_TYPE } from '../../src/trust/crypto/index.ts';
import { createBench, missingPeers, peer, PLIMSOLL, startPeer, type Bench, type Host, type Server } from './support.ts';

const EMAIL = 'ada@example.com';

let bench: Bench;

before(async () => void (bench = await createBench()));
after(async () => await bench.stop());

async function startWitness(name: string, log: string): Promise<Server> {
  const words = ['--dir', name, '--name', `${name}.test/w`, '--log', log];
  return await bench.serve(['authority', 'witness', '--address', '127.0.0.1:0', ...words]);
}

const lineOf = ({ ready }: Server, name: string) => `witness ${name} ${ready['verifierKey']} ${ready['url']}`;

/** An agent of SSH that holds a new key, for litewitness signs with no other. */
async function startAgent(): Promise<{ readonly socket: string; readonly key: string; readonly stop: () => void }> {
  const [socket, file] = [join(bench.folder, 'agent'), join(bench.folder, 'ssh')];
  await bench.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', file]);
  const child = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  const env = { SSH_AUTH_SOCK: socket };
  for (let tries = 0; tries < 100; tries += 1) {
    if ((await bench.attempt(['ssh-add', file], { env })).code === 0) break;
    await sleep(50);
  }
  const { stdout } = await bench.run(['ssh-keygen', '-lf', `${file}.pub`]);
  return { socket, key: stdout.split(' ')[1] ?? '', stop: () => void child.kill() };
}

const noAgent = spawnSync('ssh-keygen', ['-?']).error === undefined ? {} : { skip: 'no SSH client on this machine' };
const needed = { ...missingPeers('PEER_LITEWITNESS', 'PEER_WITNESSCTL'), ...noAgent };

describe('our log with litewitness and our witness', needed, () => {
  let authority: Server;
  let witness: Server;
  let litewitness: Host;
  let agent: Awaited<ReturnType<typeof startAgent>>;
  const serve = async (...more: readonly string[]): Promise<Server> =>
    await bench.serve([
      'authority',
      'serve',
      '--address',
      '127.0.0.1:25571',
      '--dir',
      'authority',
      '--try-out',
      ...more,
    ]);

  before(async () => {
    authority = await serve();
    await authority.stop();
    const log = authority.ready['logKey'] ?? '';
    witness = await startWitness('ours', log);
    agent = await startAgent();
    const ctl = (...words: readonly string[]) =>
      bench.run(peer('PEER_WITNESSCTL')(...words, '-db', join(bench.folder, 'lite.db')));
    await ctl('add-log', '-origin', '127.0.0.1');
    await ctl('add-key', '-origin', '127.0.0.1', '-key', log);
    litewitness = await startPeer((address) => {
      const files = ['-db', join(bench.folder, 'lite.db'), '-ssh-agent', agent.socket, '-key', agent.key];
      return peer('PEER_LITEWITNESS')(...files, '-name', 'lite.test/w', '-listen', address);
    }, '/');
    const page = await (await fetch(litewitness.url)).text();
    const [key = assert.fail(page)] = /lite\.test\/w\+[0-9a-f]{8}\+[\w+/]+/.exec(page) ?? [];
    const both = [lineOf(witness, 'ours'), `witness lite ${key} ${litewitness.url}`, 'group both all ours lite'];
    await writeFile(join(bench.folder, 'policy'), [...both, 'quorum both', ''].join('\n'));
    authority = await serve('--witness-policy', 'policy');
    const token = await bench.run([PLIMSOLL, 'authority', 'token', '--dir', 'authority', EMAIL]);
    await writeFile(join(bench.folder, 'token'), token.stdout.trim());
    await writeFile(join(bench.folder, 'file'), 'content');
  });
  after(async () => {
    await authority.stop();
    await witness.stop();
    await litewitness.stop();
    agent.stop();
  });

  const trust = ['--trusted-root', 'authority/trusted_root.json'];
  const who = () => ['--certificate-identity', EMAIL, '--certificate-oidc-issuer', `${authority.ready['url']}/oidc`];
  const signFile = async (bundle: string) => {
    const services = ['--signing-config', 'authority/signing_config.v0.2.json', '--identity-token', 'token'];
    return await bench.attempt([PLIMSOLL, 'sign-blob', ...services, '--bundle', bundle, 'file']);
  };
  const verify = async (bundle: string, policy: string) =>
    await bench.attempt([
      PLIMSOLL,
      'verify-blob',
      ...trust,
      ...who(),
      '--witness-policy',
      policy,
      '--bundle',
      bundle,
      'file',
    ]);
  const monitor = async (policy: string) => {
    const words = ['authority', 'monitor', ...trust, '--witness-policy', policy, authority.ready['url'] ?? ''];
    return await bench.attempt([PLIMSOLL, ...words]);
  };

  test('both cosign each checkpoint, and verifiers can demand it', async () => {
    for (const bundle of ['one.json', 'two.json', 'three.json']) {
      assert.equal((await signFile(bundle)).code, 0);
      assert.equal((await verify(bundle, 'policy')).code, 0, bundle);
    }
    const other = await startWitness('stranger', authority.ready['logKey'] ?? '');
    await writeFile(join(bench.folder, 'other'), `${lineOf(other, 'other')}\nquorum other\n`);
    await other.stop();
    const refused = await verify('three.json', 'other');
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /checkpoint-not-witnessed/);
    assert.equal((await monitor('policy')).code, 0);
    assert.equal((await monitor('other')).code, 7);
  });

  test('released cosign takes bundles with cosigned checkpoints', missingPeers('PEER_COSIGN3'), async () => {
    assert.equal((await signFile('four.json')).code, 0);
    const words = [...trust, ...who(), '--use-signed-timestamps', '--bundle', 'four.json', 'file'];
    await bench.run(peer('PEER_COSIGN3')('verify-blob', ...words));
  });

  test('without a quorum nothing is acknowledged, and with one again all is', async () => {
    await witness.stop();
    const refused = await signFile('five.json');
    assert.equal(refused.code, 6, refused.stderr);
    assert.match(refused.stderr, /expected a quorum/);
    const port = new URL(witness.ready['url'] ?? '').port;
    const words = ['--dir', 'ours', '--log', 'authority/log.vkey'];
    witness = await bench.serve(['authority', 'witness', '--address', `127.0.0.1:${port}`, ...words]);
    assert.equal((await signFile('six.json')).code, 0);
    assert.equal((await verify('six.json', 'policy')).code, 0);
  });
});

test("our witness cosigns Rekor's tile log", missingPeers('PEER_REKOR_TILES'), async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = join(bench.folder, 'rekor.pem');
  await writeFile(key, privateKey.export({ format: 'pem', type: 'pkcs8' }));
  const spki = importSpki(publicKey.export({ format: 'der', type: 'spki' }));
  const witness = await startWitness('rekor', formatVerifierKey('rekor.test', NOTE_KEY_TYPE.ed25519, spki));
  const policy = join(bench.folder, 'rekor-policy');
  await writeFile(policy, `${lineOf(witness, 'rekor')}\nquorum rekor\n`);
  const log = await startPeer((address) => {
    const [host = '', port = ''] = address.split(':');
    const next = (step: number) => String(Number(port) + step);
    const ports = ['--http-port', port, '--grpc-port', next(1), '--http-metrics-port', next(2)];
    const where = ['--hostname', 'rekor.test', '--storage-dir', join(bench.folder, 'tiles'), '--signer-filepath', key];
    const listen = ['--http-address', host, '--grpc-address', host];
    const checkpoints = ['--checkpoint-interval', '1s', '--witness-policy-path', policy];
    return peer('PEER_REKOR_TILES', 'serve')(...where, ...listen, ...ports, ...checkpoints);
  }, '/healthz');
  try {
    const cosigned = `\u2014 ${witness.ready['name']} `;
    for (const content of ['one', 'two', 'three']) {
      const checkpoint = await logAt(log.url, content);
      assert.ok(checkpoint.includes(cosigned), checkpoint);
    }
  } finally {
    await log.stop();
    await witness.stop();
  }
});

/** The checkpoint with the entry. */
async function logAt(url: string, content: string): Promise<string> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const rawBytes = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  const verifier = { publicKey: { rawBytes }, keyDetails: 'PKIX_ECDSA_P256_SHA_256' };
  const signature = { content: sign('sha256', Buffer.from(content), privateKey).toString('base64'), verifier };
  const digest = createHash('sha256').update(content).digest('base64');
  const body = JSON.stringify({ hashedRekordRequestV002: { digest, signature } });
  const answer = await fetch(`${url}/api/v2/log/entries`, { method: 'POST', body });
  const text = await answer.text();
  assert.equal(answer.status, 201, text);
  const entry = JSON.parse(text) as { readonly inclusionProof: { readonly checkpoint: { readonly envelope: string } } };
  return entry.inclusionProof.checkpoint.envelope;
}
