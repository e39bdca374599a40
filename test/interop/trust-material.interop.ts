/** Trust material from the TUF repository of our private Sigstore, and from one that key holders keep in a folder, with released cosign 3. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openRepository } from '../../src/app/registry.ts';
import { parseReference, resolveSettings } from '../../src/core/index.ts';
import { createPorts } from '../../src/io/index.ts';
import { formatPem } from '../../src/trust/crypto/index.ts';
import { pushImage } from '../../src/trust/images/testing.ts';
import { createBench, missingPeers, peer, PLIMSOLL, type Bench, type Server } from './support.ts';

interface MadeRoot {
  readonly tlogs: readonly { readonly publicKey: { readonly rawBytes: string } }[];
  readonly ctlogs: MadeRoot['tlogs'];
  readonly certificateAuthorities: readonly {
    readonly certChain: { readonly certificates: readonly { readonly rawBytes: string }[] };
  }[];
  readonly timestampAuthorities: MadeRoot['certificateAuthorities'];
}

const EMAIL = 'ada@example.com';

describe('trust material by TUF, cosign 3', missingPeers('PEER_COSIGN3'), () => {
  const cosign = peer('PEER_COSIGN3');
  const ours = (...words: readonly string[]): readonly string[] => [PLIMSOLL, ...words];
  let bench: Bench;
  let authority: Server;
  let registry: Server;

  before(async () => {
    bench = await createBench();
    authority = await bench.serve([
      'authority',
      'serve',
      '--address',
      '127.0.0.1:0',
      '--dir',
      'authority',
      '--try-out',
    ]);
    registry = await bench.serve(['registry', 'serve', '--address', '127.0.0.1:0', '--dir', 'registry']);
    const token = await bench.run(ours('authority', 'token', '--dir', 'authority', EMAIL));
    await writeFile(join(bench.folder, 'token'), token.stdout.trim());
    await writeFile(join(bench.folder, 'file'), 'content');
  });
  after(async () => {
    await authority.stop();
    await registry.stop();
    await bench.stop();
  });

  const newImage = async (name: string): Promise<string> => {
    const home = import.meta.dirname;
    const settings = resolveSettings({ flags: {}, file: {} }, {}, home);
    const ports = createPorts({ settings, home, verbose: false, progress: () => undefined });
    const repository = `${new URL(registry.ready['url'] ?? '').host}/${name}`;
    const image = await pushImage(openRepository(ports, parseReference(repository)));
    return `${repository}@${image.digest}`;
  };
  const who = (email: string): readonly string[] => [
    '--certificate-identity',
    email,
    '--certificate-oidc-issuer',
    `${authority.ready['url']}/oidc`,
  ];
  const programs = [
    { name: 'ours', program: ours, yes: [] },
    { name: 'cosign', program: cosign, yes: ['--yes'] },
  ] as const;

  test('both are initialized from the authority, then sign and verify without further flags', async () => {
    const mirror = ['--mirror', `${authority.ready['url']}/tuf`, '--root', 'authority/root.json'];
    for (const { program } of programs) await bench.run(program('initialize', ...mirror));
    for (const { name, program, yes } of programs) {
      const image = await newImage(name);
      await bench.run(program('sign', ...yes, '--identity-token', 'token', image));
      await bench.run(program('sign-blob', ...yes, '--identity-token', 'token', '--bundle', `${name}.json`, 'file'));
      for (const { program: verifier } of programs) {
        await bench.run(verifier('verify', ...who(EMAIL), image));
        await bench.run(verifier('verify-blob', ...who(EMAIL), '--bundle', `${name}.json`, 'file'));
        const refused = await bench.attempt(verifier('verify', ...who('eve@example.com'), image));
        assert.notEqual(refused.code, 0, 'another identity was taken');
      }
    }
    await bench.run(ours('verify-blob', '--offline', ...who(EMAIL), '--bundle', 'cosign.json', 'file'));
  });

  test('neither believes another root for the same repository', async () => {
    const other = await bench.serve(['authority', 'serve', '--address', '127.0.0.1:0', '--dir', 'other', '--try-out']);
    try {
      const wrong = ['--mirror', `${other.ready['url']}/tuf`, '--root', 'authority/root.json'];
      for (const { program } of programs)
        assert.notEqual((await bench.attempt(program('initialize', ...wrong))).code, 0);
    } finally {
      await other.stop();
    }
  });

  test('both follow a repository that two key holders keep in a folder, and the rotation of its keys', async () => {
    for (const name of ['one', 'two', 'online', 'next'])
      await bench.run(ours('generate-key-pair', '--output-key-prefix', name));
    const tuf = async (verb: string, ...words: readonly string[]) =>
      await bench.run(ours('tuf', verb, 'tuf', ...words));
    const keys = ['--root-key', 'one.pub', '--root-key', 'two.pub', '--root-threshold', '2'];
    await tuf('init', ...keys, '--snapshot-key', 'online.pub');
    await tuf('add', 'authority/trusted_root.json', 'authority/signing_config.v0.2.json');
    for (const name of ['one', 'two']) await tuf('sign', '--key', `${name}.key`);
    await tuf('publish', '--key', 'online.key');
    const folder = await serveFolder(join(bench.folder, 'tuf'));
    const root = ['--root', 'tuf/1.root.json'];
    for (const { program } of programs) {
      await bench.run(program('initialize', '--mirror', `file://${join(bench.folder, 'tuf')}`, ...root));
      await bench.run(program('initialize', '--mirror', folder.url, ...root));
    }
    await tuf('rotate', '--role', 'snapshot', '--role', 'timestamp', '--add', 'next.pub', '--remove', 'online.pub');
    for (const name of ['one', 'two']) await tuf('sign', '--key', `${name}.key`);
    await tuf('publish', '--key', 'next.key');
    for (const { name, program } of programs) {
      await bench.run(program('initialize', '--mirror', folder.url, ...root));
      await bench.run(program('verify-blob', ...who(EMAIL), '--bundle', `${name}.json`, 'file'));
    }
    await bench.run(ours('tuf', 'check', 'tuf'));
    folder.close();
  });

  test('trusted roots and signing configurations are the same as cosign makes them', async () => {
    const made = JSON.parse(await readFile(join(bench.folder, 'authority/trusted_root.json'), 'utf8')) as MadeRoot;
    const write = async (name: string, label: string, content: readonly (string | undefined)[]) => {
      const blocks = content.map((text = '') => formatPem({ label, bytes: Buffer.from(text, 'base64') }));
      await writeFile(join(bench.folder, name), blocks.join(''));
      return name;
    };
    const chainOf = ([first]: MadeRoot['certificateAuthorities']) =>
      first?.certChain.certificates.map(({ rawBytes }) => rawBytes) ?? [];
    const fulcio = await write('fulcio.pem', 'CERTIFICATE', chainOf(made.certificateAuthorities));
    const tsa = await write('tsa.pem', 'CERTIFICATE', chainOf(made.timestampAuthorities));
    const tiles = await write('tiles.pub', 'PUBLIC KEY', [made.tlogs[0]?.publicKey.rawBytes]);
    const ct = await write('ct.pub', 'PUBLIC KEY', [made.ctlogs[0]?.publicKey.rawBytes]);
    const start = 'start-time=2025-01-01T00:00:00Z';
    const service = `api-version=1,${start},operator=a.test`;
    const commands = [
      ['trusted-root', 'create', '--fulcio', `url=https://fulcio.test,certificate-chain=${fulcio}`].concat(
        [
          '--rekor',
          `url=https://rekor.test,public-key=${tiles},${start},end-time=2030-01-01T00:00:00Z,origin=log.test`,
        ],
        ['--ctfe', `url=https://ct.test,public-key=${ct},${start}`],
        ['--tsa', `url=https://tsa.test/api/v1/timestamp,certificate-chain=${tsa}`],
      ),
      ['signing-config', 'create', '--fulcio', `url=https://fulcio.test,${service}`].concat(
        ['--oidc-provider', `url=https://oidc.test,${service}`, '--rekor', `url=https://rekor.test,${service}`],
        ['--rekor-config', 'ANY', '--tsa', `url=https://tsa.test,${service}`, '--tsa-config', 'EXACT:1'],
      ),
    ];
    for (const command of commands) {
      const [mine, theirs] = await Promise.all(
        programs.map(({ program }) => bench.run(program(...(command as readonly string[])))),
      );
      assert.deepEqual(JSON.parse(mine?.stdout ?? ''), JSON.parse(theirs?.stdout ?? '{}'), command.join(' '));
    }
  });
});

/** Any web server would do. */
async function serveFolder(folder: string): Promise<{ readonly url: string; readonly close: () => void }> {
  const server = createServer((request, response) => {
    readFile(join(folder, request.url ?? '')).then(
      (content) => response.end(content),
      () => response.writeHead(404).end(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => void server.close() };
}
