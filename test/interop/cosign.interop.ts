/**
 * Signatures and attestations in both directions with released cosign 3 and 2, over two registries: ours, which has the referrers
 * API, and crane's, which has not, so that clients fall back to tags. Keys only, without any service.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openRepository } from '../../src/app/registry.ts';
import { createRegistry } from '../../src/artifacts/index.ts';
import { parseReference, resolveSettings } from '../../src/core/index.ts';
import { createPorts } from '../../src/io/index.ts';
import { pushImage } from '../../src/trust/images/testing.ts';
import { startCrane } from './support.ts';

const main = join(import.meta.dirname, '../../src/main.ts');
const plimsoll = [process.execPath, '--disable-warning=ExperimentalWarning', main];

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Everything that the tests share: a folder with keys and documents, which is also the home of the peers. */
interface Bench {
  readonly folder: string;
  readonly run: (command: readonly string[]) => Promise<Ran>;
  readonly stop: () => Promise<void>;
}

async function createBench(): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'plimsoll-cosign-'));
  const env = { PATH: process.env['PATH'], HOME: folder, COSIGN_PASSWORD: 'pass', COSIGN_YES: 'true' };
  const run = async ([program = '', ...args]: readonly string[]): Promise<Ran> =>
    await new Promise((resolve, reject) => {
      const child = spawn(program, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 });
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      child.on('error', reject);
      child.on('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
    });
  return { folder, run, stop: async () => await rm(folder, { recursive: true }) };
}

async function expectCode(code: number, running: Promise<Ran>): Promise<Ran> {
  const ran = await running;
  assert.equal(ran.code, code, `exit code ${ran.code}\n${ran.stderr}`);
  return ran;
}

const documents: Readonly<Record<string, unknown>> = {
  'services.json': { mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json' },
  'cyclonedx.json': { bomFormat: 'CycloneDX', specVersion: '1.6', components: [] },
  'spdxjson.json': { spdxVersion: 'SPDX-2.3', name: 'app' },
  'custom.json': { any: 'thing' },
  'openvex.json': {
    '@context': 'https://openvex.dev/ns/v0.2.0',
    '@id': 'https://example.com/vex',
    author: 'a',
    timestamp: '2026-01-01T00:00:00Z',
    version: 1,
    statements: [],
  },
  'vuln.json': {
    invocation: { parameters: null, uri: '', event_id: '', 'builder.id': '' },
    scanner: { uri: 'x', version: '1', db: { uri: '', version: '' }, result: null },
    metadata: { scanStartedOn: '2026-01-01T00:00:00Z', scanFinishedOn: '2026-01-01T00:00:00Z' },
  },
  'slsaprovenance1.json': {
    buildDefinition: { buildType: 'https://example.com/make', externalParameters: {} },
    runDetails: { builder: { id: 'https://example.com/builder' } },
  },
};

const TYPES = ['cyclonedx', 'spdxjson', 'custom', 'openvex', 'vuln', 'slsaprovenance1'];

/** How each peer signs by key with no service, in the forms that it knows. */
interface Peer {
  readonly name: string;
  readonly variable: string;
  readonly signs: Readonly<Partial<Record<'bundle' | 'legacy', readonly string[]>>>;
}

const PEERS: readonly Peer[] = [
  {
    name: 'cosign 3',
    variable: 'PEER_COSIGN3',
    signs: {
      bundle: ['--signing-config', 'services.json'],
      legacy: ['--new-bundle-format=false', '--use-signing-config=false', '--tlog-upload=false'],
    },
  },
  { name: 'cosign 2', variable: 'PEER_COSIGN2', signs: { legacy: ['--tlog-upload=false'] } },
];

const home = tmpdir();
const ports = createPorts({
  settings: resolveSettings({ flags: {}, file: {} }, {}, home),
  home,
  verbose: false,
  progress: () => undefined,
});

interface Host {
  readonly name: string;
  /** Predicate types to attest; the second registry need not repeat them all. */
  readonly types: readonly string[];
  /** Undefined when the peer that serves it is missing. */
  readonly start: (folder: string) => Promise<{ readonly address: string; readonly stop: () => Promise<void> }>;
  readonly missing?: string;
}

const HOSTS: readonly Host[] = [
  {
    name: 'our registry',
    types: TYPES,
    start: async (folder) => {
      const handler = createRegistry(ports.files, join(folder, 'registry'), ports);
      const server = await ports.serve(handler, { host: '127.0.0.1', port: 0 });
      return { address: new URL(server.url).host, stop: async () => await server.close() };
    },
  },
  {
    name: "crane's registry",
    types: ['cyclonedx', 'custom'],
    start: startCrane,
    ...(process.env['PEER_CRANE'] === undefined ? { missing: 'PEER_CRANE is not set' } : {}),
  },
];

let images = 0;

/** A new image in a repository of its own, tagged v1. */
async function newImage(address: string): Promise<string> {
  images += 1;
  const repository = openRepository(ports, parseReference(`${address}/app${images}`));
  const { digest } = await pushImage(repository, `layer ${images}`);
  const { bytes, descriptor } = await repository.fetchManifest(digest);
  await repository.pushManifest(bytes, descriptor.mediaType, 'v1');
  return `${address}/app${images}:v1`;
}

const IGNORE = '--insecure-ignore-tlog';

for (const host of HOSTS) {
  for (const peer of PEERS) {
    const program = process.env[peer.variable];
    const missing = program === undefined ? `${peer.variable} is not set` : host.missing;
    describe(`${peer.name} over ${host.name}`, missing === undefined ? {} : { skip: missing }, () => {
      let bench: Bench;
      let address = '';
      let stop = async (): Promise<void> => undefined;

      const ours = async (...args: readonly string[]): Promise<Ran> => await bench.run([...plimsoll, ...args]);
      const theirs = async (...args: readonly string[]): Promise<Ran> => await bench.run([program ?? '', ...args]);

      before(async () => {
        bench = await createBench();
        ({ address, stop } = await host.start(bench.folder));
        for (const [name, document] of Object.entries(documents)) {
          await writeFile(join(bench.folder, name), JSON.stringify(document));
        }
        await expectCode(0, ours('generate-key-pair', '--output-key-prefix', 'ours'));
        await expectCode(0, theirs('generate-key-pair', '--output-key-prefix', 'theirs'));
      });

      after(async () => {
        await stop();
        await bench.stop();
      });

      test("each reads the other's key files", async () => {
        const mine = await expectCode(0, theirs('public-key', '--key', 'ours.key'));
        assert.equal(mine.stdout.trim(), (await readFile(join(bench.folder, 'ours.pub'), 'utf8')).trim());
        const his = await expectCode(0, ours('public-key', '--key', 'theirs.key'));
        assert.equal(his.stdout.trim(), (await readFile(join(bench.folder, 'theirs.pub'), 'utf8')).trim());
      });

      for (const form of ['bundle', 'legacy'] as const) {
        const flags = peer.signs[form];
        if (flags === undefined) continue;

        test(`${form}: it verifies what we sign, and refuses what we refuse`, async () => {
          const image = await newImage(address);
          await expectCode(0, ours('sign', '--key', 'ours.key', '--format', form, '-a', 'team=<blue>', image));
          const claim = ['-a', 'team=<blue>', image];
          const checked = await expectCode(0, theirs('verify', IGNORE, '--key', 'ours.pub', ...claim));
          const printed = await expectCode(0, ours('verify', IGNORE, '--key', 'ours.pub', ...claim));
          assert.deepEqual(JSON.parse(printed.stdout), JSON.parse(checked.stdout));
          for (const wrong of [
            ['--key', 'theirs.pub', image],
            ['--key', 'ours.pub', '-a', 'team=red', image],
          ]) {
            const theirCode = (await theirs('verify', IGNORE, ...wrong)).code;
            assert.notEqual(theirCode, 0);
            // Of bundles cosign says no more than 1; of tags it has the finer code that we give for both.
            if (form === 'legacy') assert.equal(theirCode, 12);
            await expectCode(12, ours('verify', IGNORE, ...wrong));
          }
        });

        test(`${form}: we verify what it signs, and refuse the rest`, async () => {
          const image = await newImage(address);
          await expectCode(0, theirs('sign', ...flags, '--key', 'theirs.key', '-a', 'team=<blue>', image));
          await expectCode(0, ours('verify', '--key', 'theirs.pub', '-a', 'team=<blue>', image));
          await expectCode(12, ours('verify', '--key', 'ours.pub', image));
          await expectCode(12, ours('verify', '--key', 'theirs.pub', '-a', 'team=red', image));
        });

        test(`${form}: attestations verify in both directions`, async () => {
          const mine = await newImage(address);
          const his = await newImage(address);
          for (const type of host.types) {
            const about = ['--type', type, '--predicate', `${type}.json`];
            await expectCode(0, ours('attest', '--key', 'ours.key', '--format', form, ...about, mine));
            await expectCode(0, theirs('attest', ...flags, '--key', 'theirs.key', ...about, his));
          }
          for (const type of host.types) {
            const read = async (ran: Promise<Ran>): Promise<unknown> => {
              const { payload } = JSON.parse((await expectCode(0, ran)).stdout.split('\n')[0] ?? '') as {
                payload: string;
              };
              return JSON.parse(Buffer.from(payload, 'base64').toString('utf8'));
            };
            for (const [image, key] of [
              [mine, 'ours.pub'],
              [his, 'theirs.pub'],
            ] as const) {
              const wanted = ['--key', key, '--type', type, image];
              const [one, other] = [
                await read(ours('verify-attestation', ...wanted)),
                await read(theirs('verify-attestation', IGNORE, ...wanted)),
              ];
              assert.deepEqual(one, other, type);
            }
            await expectCode(1, ours('verify-attestation', '--key', 'theirs.pub', '--type', type, mine));
            await expectCode(1, theirs('verify-attestation', IGNORE, '--key', 'theirs.pub', '--type', type, mine));
          }
          await expectCode(1, ours('verify-attestation', '--key', 'ours.pub', '--type', 'link', mine));
          // Attested is not signed.
          await expectCode(10, ours('verify', '--key', 'ours.pub', mine));
        });

        test(`${form}: signatures of both stand side by side`, async () => {
          const image = await newImage(address);
          await expectCode(0, theirs('sign', ...flags, '--key', 'theirs.key', image));
          await expectCode(0, ours('sign', '--key', 'ours.key', '--format', form, image));
          for (const key of ['ours.pub', 'theirs.pub']) {
            await expectCode(0, ours('verify', '--key', key, image));
            await expectCode(0, theirs('verify', IGNORE, '--key', key, image));
          }
        });
      }

      test('signatures by keys of every kind verify, of both forms that it reads', async () => {
        const kinds: Readonly<Record<string, { readonly publicKey: KeyObject; readonly privateKey: KeyObject }>> = {
          p384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
          p521: generateKeyPairSync('ec', { namedCurve: 'P-521' }),
          ed25519: generateKeyPairSync('ed25519'),
          rsa: generateKeyPairSync('rsa', { modulusLength: 3072 }),
        };
        for (const [kind, pair] of Object.entries(kinds)) {
          const image = await newImage(address);
          const [secret, open] = [`${kind}.pem`, `${kind}.pub`];
          await writeFile(join(bench.folder, secret), pair.privateKey.export({ format: 'pem', type: 'pkcs8' }));
          await writeFile(join(bench.folder, open), pair.publicKey.export({ format: 'pem', type: 'spki' }));
          await expectCode(0, ours('sign', '--key', secret, '--format', 'both', image));
          await expectCode(0, theirs('verify', IGNORE, '--key', open, image));
          await expectCode(0, ours('verify', '--key', open, image));
          await expectCode(0, ours('import-key-pair', '--force', '--key', secret, '--output-key-prefix', kind));
          for (const flags of Object.values(peer.signs)) {
            const his = await newImage(address);
            await expectCode(0, theirs('sign', ...flags, '--key', `${kind}.key`, his));
            await expectCode(0, ours('verify', '--key', open, his));
          }
        }
      });

      test('processes of ours that sign at the same moment lose nothing', async () => {
        const image = await newImage(address);
        const keys = Array.from({ length: 4 }, (_, index) => `parallel${index}`);
        for (const name of keys) {
          const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
          await writeFile(join(bench.folder, `${name}.pem`), pair.privateKey.export({ format: 'pem', type: 'pkcs8' }));
          await writeFile(join(bench.folder, `${name}.pub`), pair.publicKey.export({ format: 'pem', type: 'spki' }));
        }
        const signing = keys.map((name) => ours('sign', '--key', `${name}.pem`, '--format', 'both', image));
        for (const signed of await Promise.all(signing)) assert.equal(signed.code, 0, signed.stderr);
        for (const name of keys) {
          const { stdout } = await expectCode(0, ours('verify', '--key', `${name}.pub`, image));
          assert.equal((JSON.parse(stdout) as readonly unknown[]).length, 2);
        }
      });

      test('no signature is 10 and a missing tag is 11, with both programs', async () => {
        const image = await newImage(address);
        const missing = image.replace(':v1', ':v2');
        for (const verify of [ours, theirs]) {
          await expectCode(10, verify('verify', IGNORE, '--key', 'ours.pub', image));
          await expectCode(11, verify('verify', IGNORE, '--key', 'ours.pub', missing));
        }
      });

      test('files verify in both directions, by bare signature', async () => {
        await expectCode(0, ours('sign-blob', '--key', 'ours.key', '--output-signature', 'ours.sig', 'custom.json'));
        const mine = ['--key', 'ours.pub', '--signature', 'ours.sig'];
        await expectCode(0, theirs('verify-blob', IGNORE, ...mine, 'custom.json'));
        await expectCode(0, ours('verify-blob', ...mine, 'custom.json'));
        await expectCode(1, theirs('verify-blob', IGNORE, ...mine, 'vuln.json'));
        await expectCode(1, ours('verify-blob', ...mine, 'vuln.json'));
      });

      const bundleFlags = peer.signs.bundle;
      test(
        'files verify in both directions, by bundle',
        bundleFlags === undefined ? { skip: 'no offline bundles' } : {},
        async () => {
          const bytes = await readFile(join(bench.folder, 'custom.json'));
          const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
          await expectCode(0, ours('sign-blob', '--key', 'ours.key', '--bundle', 'ours.bundle', 'custom.json'));
          const signing = [...(bundleFlags ?? []), '--key', 'theirs.key', '--bundle', 'theirs.bundle'];
          await expectCode(0, theirs('sign-blob', ...signing, 'custom.json'));
          for (const name of ['ours', 'theirs']) {
            const proof = ['--key', `${name}.pub`, '--bundle', `${name}.bundle`];
            for (const file of ['custom.json', digest]) {
              await expectCode(0, theirs('verify-blob', IGNORE, ...proof, file));
              await expectCode(0, ours('verify-blob', ...proof, file));
            }
            await expectCode(1, theirs('verify-blob', IGNORE, ...proof, 'vuln.json'));
            await expectCode(1, ours('verify-blob', ...proof, 'vuln.json'));
          }
        },
      );
    });
  }
}
