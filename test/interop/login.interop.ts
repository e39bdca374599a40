/**
 * Logging in to sign, beside released cosign, with the provider of our authority: a browser on this machine (authorization code with
 * PKCE), and a code that is typed in elsewhere (device flow). The test plays the browser.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { formatPem } from '../../src/trust/crypto/index.ts';
import { createBench, missingPeers, peer, PLIMSOLL, type Bench, type Server } from './support.ts';

const EMAIL = 'ada@example.com';

/** What programs start to show a page; as such programs do, it ends at once, and a process of its own goes on. */
const OPENER = `#!/bin/sh
"${process.execPath}" "$(dirname "$0")/browser.js" "$1" >"$(dirname "$0")/browser.log" 2>&1 </dev/null &
`;

/** Opens the page, fills in its form as a person would, and goes where it is sent. */
const BROWSER = `(async () => {
  const url = new URL(process.argv[2]);
  const page = await (await fetch(url)).text();
  if (!page.includes('name="email"')) throw new Error('no form: ' + page);
  for (const [, name, value] of page.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)) {
    if (url.searchParams.get(name) !== value.replaceAll('&amp;', '&')) throw new Error('another ' + name);
  }
  url.searchParams.set('email', '${EMAIL}');
  const { status } = await fetch(url);
  if (status !== 200) throw new Error('answered ' + status);
})();
`;

interface Program {
  readonly name: string;
  readonly variable?: string;
  /** Signs `file` by this flow, into `BUNDLE`. */
  readonly sign: (flow: string, bundle: string) => readonly string[];
}

describe('logging in', () => {
  let bench: Bench;
  let authority: Server;
  let env: Readonly<Record<string, string>>;

  before(async () => {
    bench = await createBench();
    const words = ['--address', '127.0.0.1:0', '--dir', 'authority', '--try-out'];
    authority = await bench.serve(['authority', 'serve', ...words]);
    await mkdir(join(bench.folder, 'browser'));
    await writeFile(join(bench.folder, 'browser/xdg-open'), OPENER, { mode: 0o755 });
    await writeFile(join(bench.folder, 'browser/browser.js'), BROWSER);
    await writeFile(join(bench.folder, 'file'), 'content');
    env = { PATH: `${join(bench.folder, 'browser')}:${process.env['PATH']}`, ...(await variablesOfCosign2()) };
  });
  after(async () => {
    await authority.stop();
    await bench.stop();
  });

  async function variablesOfCosign2(): Promise<Readonly<Record<string, string>>> {
    const text = await readFile(join(bench.folder, 'authority/trusted_root.json'), 'utf8');
    const root = JSON.parse(text) as {
      readonly certificateAuthorities: readonly { readonly certChain: { readonly certificates: readonly Raw[] } }[];
      readonly tlogs: readonly { readonly publicKey: Raw }[];
      readonly ctlogs: readonly { readonly publicKey: Raw }[];
    };
    const write = async (name: string, label: string, all: readonly (Raw | undefined)[] = []) => {
      const pem = all.map((raw) => formatPem({ label, bytes: Buffer.from(raw?.rawBytes ?? '', 'base64') }));
      await writeFile(join(bench.folder, name), pem.join(''));
      return join(bench.folder, name);
    };
    const chain = root.certificateAuthorities[0]?.certChain.certificates;
    return {
      SIGSTORE_ROOT_FILE: await write('root.pem', 'CERTIFICATE', chain),
      SIGSTORE_REKOR_PUBLIC_KEY: await write('rekor.pub', 'PUBLIC KEY', [root.tlogs[1]?.publicKey]),
      SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: await write('ct.pub', 'PUBLIC KEY', [root.ctlogs[0]?.publicKey]),
    };
  }

  const services = ['--signing-config', 'authority/signing_config.v0.2.json'];
  const trust = ['--trusted-root', 'authority/trusted_root.json'];
  const programs: readonly Program[] = [
    {
      name: 'ours',
      sign: (flow, bundle) => [
        PLIMSOLL,
        'sign-blob',
        '--fulcio-auth-flow',
        flow,
        ...services,
        '--bundle',
        bundle,
        'file',
      ],
    },
    {
      name: 'cosign 3',
      variable: 'PEER_COSIGN3',
      sign: (flow, bundle) => {
        const words = ['--yes', '--fulcio-auth-flow', flow, ...services, ...trust, '--bundle', bundle, 'file'];
        return peer('PEER_COSIGN3', 'sign-blob')(...words);
      },
    },
    {
      name: 'cosign 2',
      variable: 'PEER_COSIGN2',
      sign: (flow, bundle) => {
        const url = authority.ready['url'] ?? '';
        const named = ['--fulcio-url', url, '--rekor-url', url, '--oidc-issuer', `${url}/oidc`];
        const words = ['--yes', '--fulcio-auth-flow', flow, ...named, '--bundle', bundle, 'file'];
        return peer('PEER_COSIGN2', 'sign-blob')(...words);
      },
    },
  ];
  const verify = async (bundle: string, email: string) => {
    const who = ['--certificate-identity', email, '--certificate-oidc-issuer', `${authority.ready['url']}/oidc`];
    return (await bench.attempt([PLIMSOLL, 'verify-blob', ...trust, ...who, '--bundle', bundle, 'file'])).code;
  };
  const isSigned = async (bundle: string) => {
    assert.equal(await verify(bundle, EMAIL), 0);
    assert.equal(await verify(bundle, 'eve@example.com'), 1);
  };

  for (const { name, variable, sign } of programs) {
    const needed = variable === undefined ? {} : missingPeers(variable);

    test(`${name}: with the browser of this machine`, needed, async () => {
      await bench.run(sign('normal', 'browser.json'), { env });
      await isSigned('browser.json');
    });

    test(`${name}: with a code on another machine`, needed, async () => {
      const [program = '', ...args] = sign('device', 'device.json');
      const child = spawn(program, args, {
        cwd: bench.folder,
        env: { HOME: bench.folder, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: 60_000,
      });
      const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
      let printed = '';
      let typed: Promise<number> | undefined;
      const read = (chunk: Buffer): void => {
        printed += chunk.toString();
        const code = /\b[BCDFGHJKLMNPQRSTVWXZ]{8}\b/.exec(printed)?.[0];
        if (code !== undefined) typed ??= typeIn(code);
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      assert.equal(await ended, 0, printed);
      assert.equal(await typed, 200);
      await isSigned('device.json');
    });
  }

  async function typeIn(code: string): Promise<number> {
    const url = new URL(`${authority.ready['url']}/oidc/device`);
    url.searchParams.set('user_code', code);
    url.searchParams.set('email', EMAIL);
    return (await fetch(url)).status;
  }
});

interface Raw {
  readonly rawBytes: string;
}
