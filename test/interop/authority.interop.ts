/**
 * Signing by identity in both directions with released cosign 3 and 2 against our private Sigstore: cosign 3 with Rekor version 2 and
 * bundles, cosign 2 with Rekor version 1 and the older forms; with sigstore-python and sigstore-js. Each verifies what the other signed and refuses the
 * same. Tessera's fsck reads the log.
 */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openRepository } from '../../src/app/registry.ts';
import { parseReference, resolveSettings } from '../../src/core/index.ts';
import { createPorts } from '../../src/io/index.ts';
import { formatPem, importSpki, NOTE_KEY_TYPE, noteKeyId } from '../../src/trust/crypto/index.ts';
import { pushImage } from '../../src/trust/images/testing.ts';
import { openSigstoreJs } from './sigstore-js.ts';
import { createBench, missingPeers, peer, PLIMSOLL, startPeer, type Bench, type Host, type Server } from './support.ts';

const EMAIL = 'ada@example.com';
const NAME = 'cosign';
const hasCosign3 = process.env['PEER_COSIGN3'] !== undefined;

interface TrustedRoot {
  readonly tlogs: readonly {
    readonly publicKey: { readonly rawBytes: string };
    readonly logId?: { readonly keyId: string };
  }[];
  readonly ctlogs: TrustedRoot['tlogs'];
  readonly certificateAuthorities: readonly {
    readonly certChain: { readonly certificates: readonly { readonly rawBytes: string }[] };
  }[];
}

describe('signing by identity', () => {
  let bench: Bench;
  let authority: Server;
  let registry: Server;
  let images = 0;

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
    const token = await bench.run([PLIMSOLL, 'authority', 'token', '--dir', 'authority', EMAIL]);
    await writeFile(join(bench.folder, 'token'), token.stdout.trim());
    await writeFile(join(bench.folder, 'file'), 'content');
    await writeFile(join(bench.folder, 'other'), 'other content');
    await writeFile(join(bench.folder, 'predicate.json'), '{"any":"thing"}');
  });
  after(async () => {
    await authority.stop();
    await registry.stop();
    await bench.stop();
  });

  const home = import.meta.dirname;
  const settings = resolveSettings({ flags: {}, file: {} }, {}, home);
  const ports = createPorts({ settings, home, verbose: false, progress: () => undefined });
  const newImage = async (): Promise<string> => {
    images += 1;
    const name = `${new URL(registry.ready['url'] ?? '').host}/app${images}`;
    const image = await pushImage(openRepository(ports, parseReference(name)));
    return `${name}@${image.digest}`;
  };
  const identity = (email = EMAIL) => [
    '--certificate-identity',
    email,
    '--certificate-oidc-issuer',
    `${authority.ready['url']}/oidc`,
  ];
  const trust = ['--trusted-root', 'authority/trusted_root.json'];
  const services = ['--signing-config', 'authority/signing_config.v0.2.json', '--identity-token', 'token'];
  /** Ends well for the signer and ill for anybody else. */
  const verifies = async (command: readonly string[], last: readonly string[], env = {}) => {
    await bench.run([...command, ...identity(), ...last], { env });
    const refused = await bench.attempt([...command, ...identity('eve@example.com'), ...last], { env });
    assert.notEqual(refused.code, 0, `${command.join(' ')}: another identity was taken`);
  };

  describe('cosign 3, Rekor version 2, bundles', missingPeers('PEER_COSIGN3'), () => {
    const cosign = peer('PEER_COSIGN3');
    const stamped = [...trust, '--use-signed-timestamps'];

    test('each verifies the files of the other', async () => {
      await bench.run([PLIMSOLL, 'sign-blob', ...services, '--bundle', 'ours.json', 'file']);
      await bench.run(cosign('sign-blob', '--yes', ...services, ...trust, '--bundle', 'theirs.json', 'file'));
      await bench.run([PLIMSOLL, 'generate-key-pair', '--output-key-prefix', 'certified']);
      const certified = ['--key', 'certified.key', '--issue-certificate', '--bundle', 'certified.json'];
      await bench.run([PLIMSOLL, 'sign-blob', ...services, ...certified, 'file']);
      for (const bundle of ['ours.json', 'theirs.json', 'certified.json']) {
        for (const program of [[PLIMSOLL, 'verify-blob', ...trust], cosign('verify-blob', ...stamped)]) {
          const command = [...program, '--bundle', bundle];
          await verifies(command, ['file']);
          assert.notEqual(
            (await bench.attempt([...command, ...identity(), 'other'])).code,
            0,
            `${bundle}: another file`,
          );
        }
      }
    });

    test('each verifies the images and attestations of the other', async () => {
      const predicate = ['--type', 'custom', '--predicate', 'predicate.json'];
      for (const signer of [NAME, 'plimsoll']) {
        const image = await newImage();
        const program = signer === NAME ? cosign : (...words: readonly string[]) => [PLIMSOLL, ...words];
        const more = signer === NAME ? ['--yes', ...trust] : [];
        await bench.run(program('sign', ...more, ...services, image));
        await bench.run(program('attest', ...more, ...services, ...predicate, image));
        await verifies([PLIMSOLL, 'verify', ...trust], [image]);
        await verifies([PLIMSOLL, 'verify-attestation', ...trust, '--type', 'custom'], [image]);
        await verifies(cosign('verify', ...stamped), [image]);
        await verifies(cosign('verify-attestation', ...stamped, '--type', 'custom'), [image]);
      }
    });
  });

  const released = missingPeers('PEER_FULCIO', 'PEER_TIMESTAMP_SERVER', 'PEER_REKOR_TILES');
  describe('released Fulcio, Rekor tiles and timestamp authority', released, () => {
    const servers: Host[] = [];
    const start = async (command: (host: string, port: string) => readonly string[], path: string): Promise<string> => {
      const server = await startPeer((address) => {
        const [host = '', port = ''] = address.split(':');
        return command(host, port);
      }, path);
      servers.push(server);
      return server.url;
    };
    const next = (port: string, step: number) => String(Number(port) + step);
    let fulcio: string;
    let stamps: string;

    before(async () => {
      const issuer = `${authority.ready['url']}/oidc`;
      const config = { OIDCIssuers: { [issuer]: { IssuerURL: issuer, ClientID: 'sigstore', Type: 'email' } } };
      const files = ['--config-path', join(bench.folder, 'fulcio.json')];
      await writeFile(join(bench.folder, 'fulcio.json'), JSON.stringify(config));
      fulcio = await start((host, port) => {
        const hosts = ['--host', host, '--grpc-host', host, '--legacy-unix-domain-socket', `@fulcio-${port}`];
        const ports = ['--port', port, '--grpc-port', next(port, 1), '--metrics-port', next(port, 2)];
        return peer('PEER_FULCIO', 'serve', '--ca', 'ephemeralca', '--ct-log-url', '')(...files, ...hosts, ...ports);
      }, '/healthz');
      stamps = await start(
        (host, port) =>
          peer('PEER_TIMESTAMP_SERVER', 'serve', '--timestamp-signer', 'memory')('--host', host, '--port', port),
        '/ping',
      );
      const save = async (name: string, url: string) =>
        await writeFile(join(bench.folder, name), await (await fetch(url)).text());
      await save('fulcio.pem', `${fulcio}/api/v1/rootCert`);
      await save('stamps.pem', `${stamps}/api/v1/timestamp/certchain`);
      await startRekorTiles();
    });
    after(async () => {
      for (const server of servers) await server.stop();
    });

    /** Its key takes the place of our log's in a trusted root of its own. */
    async function startRekorTiles(): Promise<void> {
      const { publicKey, privateKey } = generateKeyPairSync('ed25519');
      const key = join(bench.folder, 'rekor.pem');
      await writeFile(key, privateKey.export({ format: 'pem', type: 'pkcs8' }));
      const url = await start((host, port) => {
        const ports = ['--http-port', port, '--grpc-port', next(port, 1), '--http-metrics-port', next(port, 2)];
        const log = ['--hostname', host, '--storage-dir', join(bench.folder, 'tiles'), '--signer-filepath', key];
        return peer('PEER_REKOR_TILES', 'serve')(...log, ...ports, '--checkpoint-interval', '1s');
      }, '/healthz');
      const spki = publicKey.export({ format: 'der', type: 'spki' });
      const keyId = noteKeyId('127.0.0.1', NOTE_KEY_TYPE.ed25519, importSpki(spki));
      const change = async (
        name: string,
        to: string,
        changes: (source: Readonly<Record<string, unknown>>) => object,
      ) => {
        const text = await readFile(join(bench.folder, 'authority', name), 'utf8');
        const source = JSON.parse(text) as Readonly<Record<string, unknown>>;
        await writeFile(join(bench.folder, to), JSON.stringify({ ...source, ...changes(source) }));
      };
      await change('trusted_root.json', 'released-root.json', ({ tlogs }) => {
        const [log] = tlogs as readonly [{ readonly publicKey: object }];
        const rawBytes = spki.toString('base64');
        const logId = { keyId: Buffer.from(keyId).toString('base64') };
        return { tlogs: [{ ...log, baseUrl: url, logId, publicKey: { ...log.publicKey, rawBytes } }] };
      });
      await change('signing_config.v0.2.json', 'released-services.json', ({ rekorTlogUrls }) => {
        const [log] = rekorTlogUrls as readonly [object];
        return { rekorTlogUrls: [{ ...log, url }] };
      });
    }

    test('take the place of ours', async () => {
      const theirs = ['--fulcio-url', fulcio, '--timestamp-server-url', `${stamps}/api/v1/timestamp`];
      const chosen = ['--signing-config', 'released-services.json', '--identity-token', 'token'];
      const bundle = ['--bundle', 'released.json'];
      await bench.run([PLIMSOLL, 'sign-blob', ...chosen, ...theirs, ...bundle, 'file']);
      const chains = ['--certificate-chain', 'fulcio.pem', '--timestamp-certificate-chain', 'stamps.pem'];
      const lenient = ['--insecure-ignore-sct', '--use-signed-timestamps'];
      const root = ['--trusted-root', 'released-root.json'];
      await verifies([PLIMSOLL, 'verify-blob', ...root, ...chains, ...lenient, ...bundle], ['file']);
      const other = await bench.attempt([
        PLIMSOLL,
        'verify-blob',
        ...trust,
        ...chains,
        ...lenient,
        ...bundle,
        ...identity(),
        'file',
      ]);
      assert.notEqual(other.code, 0, 'a log that is not trusted');
    });
  });

  describe('sigstore-python', missingPeers('PEER_SIGSTORE_PYTHON'), () => {
    const python = peer('PEER_SIGSTORE_PYTHON', '--trust-config', 'trust.json');

    test('each verifies the files of the other', async () => {
      const read = async (name: string) =>
        JSON.parse(await readFile(join(bench.folder, 'authority', name), 'utf8')) as unknown;
      const config = {
        mediaType: 'application/vnd.dev.sigstore.clienttrustconfig.v0.1+json',
        trustedRoot: await read('trusted_root.json'),
        signingConfig: await read('signing_config.v0.2.json'),
      };
      await writeFile(join(bench.folder, 'trust.json'), JSON.stringify(config));
      const token = await readFile(join(bench.folder, 'token'), 'utf8');
      await bench.run([PLIMSOLL, 'sign-blob', ...services, '--bundle', 'for-python.json', 'file']);
      await bench.run(python('sign', '--identity-token', token, '--bundle', 'python.json', 'file'));
      await verifies([PLIMSOLL, 'verify-blob', ...trust, '--bundle', 'python.json'], ['file']);
      const named = (email: string) => [
        '--cert-identity',
        email,
        '--cert-oidc-issuer',
        `${authority.ready['url']}/oidc`,
      ];
      const verify = (email: string, file: string) =>
        bench.attempt(python('verify', 'identity', '--bundle', 'for-python.json', ...named(email), file));
      assert.equal((await verify(EMAIL, 'file')).code, 0);
      assert.notEqual((await verify('eve@example.com', 'file')).code, 0);
      assert.notEqual((await verify(EMAIL, 'other')).code, 0);
    });
  });

  test('sigstore-js verifies ours', missingPeers('PEER_SIGSTORE_JS'), async () => {
    await bench.run([PLIMSOLL, 'sign-blob', ...services, '--bundle', 'for-js.json', 'file']);
    const read = (name: string) => readFile(join(bench.folder, name), 'utf8');
    const verify = openSigstoreJs(process.env['PEER_SIGSTORE_JS'] ?? '', await read('authority/trusted_root.json'));
    const [text, issuer] = [await read('for-js.json'), `${authority.ready['url']}/oidc`];
    verify(text, Buffer.from('content'), { identity: EMAIL, issuer });
    assert.throws(() => verify(text, Buffer.from('content'), { identity: 'eve@example.com', issuer }));
    assert.throws(() => verify(text, Buffer.from('other content'), { identity: EMAIL, issuer }));
  });

  test('sigstore-go verifies ours', missingPeers('PEER_SIGSTORE_GO'), async () => {
    const ours = (...words: readonly string[]) => bench.run([PLIMSOLL, ...words, 'file']);
    const config = services.slice(0, 2);
    const about = ['--type', 'custom', '--predicate', 'predicate.json'];
    await bench.run([PLIMSOLL, 'generate-key-pair', '--output-key-prefix', 'go']);
    await ours('sign-blob', ...services, '--bundle', 'go-blob.json');
    await ours('attest-blob', ...services, ...about, '--bundle', 'go-statement.json');
    await ours('sign-blob', '--key', 'go.key', ...config, '--bundle', 'go-key-blob.json');
    await ours('attest-blob', '--key', 'go.key', ...config, ...about, '--bundle', 'go-key-statement.json');
    const named = (email: string) => ['-expectedIssuer', `${authority.ready['url']}/oidc`, '-expectedSAN', email];
    const keyed = (key: string) => ['-requireCTlog=false', '-publicKey', key];
    await bench.run([PLIMSOLL, 'generate-key-pair', '--output-key-prefix', 'eve']);
    for (const [bundle, good, bad] of [
      ['go-blob.json', named(EMAIL), named('eve@example.com')],
      ['go-statement.json', named(EMAIL), named('eve@example.com')],
      ['go-key-blob.json', keyed('go.pub'), keyed('eve.pub')],
      ['go-key-statement.json', keyed('go.pub'), keyed('eve.pub')],
    ] as const) {
      const verify = async (file: string, who: readonly string[]) => {
        const words = ['-trustedrootJSONpath', 'authority/trusted_root.json', ...who, '-artifact', file, bundle];
        return (await bench.attempt(peer('PEER_SIGSTORE_GO')(...words))).code;
      };
      assert.equal(await verify('file', good), 0, bundle);
      assert.notEqual(await verify('file', bad), 0, `${bundle}: another signer`);
      assert.notEqual(await verify('other', good), 0, `${bundle}: another file`);
    }
  });

  test("Tessera's fsck accepts our log", missingPeers('PEER_TESSERA_FSCK'), async () => {
    await bench.run([PLIMSOLL, 'sign-blob', ...services, '--bundle', 'one-more.json', 'file']);
    const root = JSON.parse(await readFile(join(bench.folder, 'authority/trusted_root.json'), 'utf8')) as TrustedRoot;
    const { publicKey, logId } = root.tlogs[0] ?? assert.fail('no log');
    const hint = Buffer.from(logId?.keyId ?? '', 'base64')
      .subarray(0, 4)
      .toString('hex');
    const [ed25519, key] = [Uint8Array.of(1), Buffer.from(publicKey.rawBytes, 'base64').subarray(-32)];
    const verifier = `127.0.0.1+${hint}+${Buffer.concat([ed25519, key]).toString('base64')}\n`;
    await writeFile(join(bench.folder, 'log.vkey'), verifier);
    const words = [
      `--storage_url=file://${join(bench.folder, 'authority/log')}`,
      '--public_key=log.vkey',
      '--ui=false',
    ];
    const checked = await bench.run(peer('PEER_TESSERA_FSCK')(...words));
    assert.match(checked.stderr, /Successfully fsck'd log/);
  });

  describe('cosign 2, Rekor version 1, the older forms', missingPeers('PEER_COSIGN2'), () => {
    const cosign = peer('PEER_COSIGN2');
    let env: Readonly<Record<string, string>>;

    before(async () => {
      const root = JSON.parse(await readFile(join(bench.folder, 'authority/trusted_root.json'), 'utf8')) as TrustedRoot;
      const chain = root.certificateAuthorities[0]?.certChain.certificates.map(({ rawBytes }) => rawBytes) ?? [];
      const write = async (name: string, label: string, content: readonly (string | undefined)[]) => {
        const blocks = content.map((text = '') => formatPem({ label, bytes: Buffer.from(text, 'base64') }));
        await writeFile(join(bench.folder, name), blocks.join(''));
        return join(bench.folder, name);
      };
      env = {
        SIGSTORE_ROOT_FILE: await write('root.pem', 'CERTIFICATE', chain),
        SIGSTORE_REKOR_PUBLIC_KEY: await write('rekor.pub', 'PUBLIC KEY', [root.tlogs[1]?.publicKey.rawBytes]),
        SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: await write('ct.pub', 'PUBLIC KEY', [root.ctlogs[0]?.publicKey.rawBytes]),
      };
    });

    test('each verifies the images and attestations of the other', async () => {
      const url = authority.ready['url'] ?? '';
      const named = ['--fulcio-url', url, '--rekor-url', url, '--identity-token', 'token'];
      const predicate = ['--type', 'custom', '--predicate', 'predicate.json'];
      for (const signer of [NAME, 'plimsoll']) {
        const image = await newImage();
        const program = signer === NAME ? cosign : (...words: readonly string[]) => [PLIMSOLL, ...words];
        const more = signer === NAME ? ['--yes'] : ['--format', 'legacy'];
        await bench.run(program('sign', ...more, ...named, image), { env });
        await bench.run(program('attest', ...more, ...named, ...predicate, image), { env });
        await verifies([PLIMSOLL, 'verify', ...trust], [image]);
        await verifies([PLIMSOLL, 'verify-attestation', ...trust, '--type', 'custom'], [image]);
        await verifies([PLIMSOLL, 'verify'], [image], env);
        await verifies(cosign('verify', '--rekor-url', url), [image], env);
        await verifies(cosign('verify-attestation', '--rekor-url', url, '--type', 'custom'), [image], env);
      }
    });

    test('attestations logged as in-toto entries verify', async () => {
      const url = authority.ready['url'] ?? '';
      const image = await newImage();
      const predicate = ['--type', 'custom', '--predicate', 'predicate.json'];
      const entry = ['--rekor-entry-type', 'intoto', '--rekor-url', url];
      await bench.run(cosign('generate-key-pair'));
      for (const who of [
        ['--key', 'cosign.key'],
        ['--fulcio-url', url, '--identity-token', 'token'],
      ]) {
        await bench.run(cosign('attest', '--yes', ...who, ...entry, ...predicate, image), { env });
      }
      for (const program of [[PLIMSOLL], cosign(), ...(hasCosign3 ? [peer('PEER_COSIGN3')()] : [])]) {
        const root = program[0] === cosign()[0] ? ['--rekor-url', url] : trust;
        const command = [...program, 'verify-attestation', ...root, '--type', 'custom'];
        await verifies(command, [image], env);
        await bench.run([...command, '--key', 'cosign.pub', image], { env });
      }
    });

    test(
      "Rekor's own client proposes in-toto entries and finds them again",
      missingPeers('PEER_REKOR_CLI'),
      async () => {
        const about = ['--type', 'custom', '--predicate', 'predicate.json', '--output-signature', 'envelope.json'];
        await bench.run(cosign('generate-key-pair', '--output-key-prefix', 'blob'));
        await bench.run(cosign('attest-blob', '--yes', '--key', 'blob.key', '--tlog-upload=false', ...about, 'file'));
        for (const version of ['0.0.1', '0.0.2']) {
          const files = ['--artifact', 'envelope.json', '--public-key', 'blob.pub', '--type', `intoto:${version}`];
          const words = ['--rekor_server', authority.ready['url'] ?? '', ...files];
          await bench.run(peer('PEER_REKOR_CLI')('upload', ...words));
          const { stdout } = await bench.run(peer('PEER_REKOR_CLI')('verify', ...words));
          const [, computed, expected] = /Computed Root Hash: (\w+)\nExpected Root Hash: (\w+)/.exec(stdout) ?? [];
          assert.ok(computed !== undefined && computed === expected, stdout);
        }
      },
    );
  });
});
