import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openPlace, serve } from './program.ts';
import type { Peer, Run } from './program.ts';

const place = openPlace();
after(() => place.close());

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

function sha256(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

interface Content {
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** A registry that serves what it is told under the paths it is told. */
function serveContent(
  content: ReadonlyMap<string, Content>,
  before?: (request: IncomingMessage, response: ServerResponse) => boolean,
): Promise<Peer> {
  return serve((request, response) => {
    if (before?.(request, response) === true) return;
    const found = content.get(request.url?.split('?')[0] ?? '');
    if (request.url === '/v2/') return void response.writeHead(200).end('{}');
    if (found === undefined)
      return void response.writeHead(404, { 'content-type': 'application/json' }).end('{"errors":[]}');
    response.writeHead(200, { 'content-type': found.type, 'content-length': found.bytes.length });
    response.end(request.method === 'HEAD' ? undefined : found.bytes);
  });
}

/** An image of one layer; `served` is what comes when the layer is asked for. */
function imageWith(layer: Uint8Array, diffId: string, served = layer): Map<string, Content> {
  const config = Buffer.from(
    JSON.stringify({ os: 'linux', architecture: 'amd64', config: {}, rootfs: { type: 'layers', diff_ids: [diffId] } }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: sha256(config), size: config.length },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: sha256(layer), size: layer.length }],
    }),
  );
  return new Map([
    ['/v2/app/manifests/1', { type: MANIFEST, bytes: manifest }],
    [`/v2/app/manifests/${sha256(manifest)}`, { type: MANIFEST, bytes: manifest }],
    [`/v2/app/blobs/${sha256(config)}`, { type: 'application/octet-stream', bytes: config }],
    [`/v2/app/blobs/${sha256(layer)}`, { type: 'application/octet-stream', bytes: served }],
  ]);
}

/** One line that begins with the program's name, at most one hint, no stack; before it, what was waited for. */
function assertRefused(run: Run, code: number, pattern: RegExp): void {
  assert.equal(run.code, code, run.stderr);
  assert.equal(run.stdout, '');
  assert.match(run.stderr, pattern);
  assert.match(run.stderr, /^(?:plimsoll: registry-wait: [^\n]+\n)*plimsoll: [^\n]+\n(?:hint: [^\n]+\n)?$/);
}

async function withPeer(peer: Promise<Peer>, work: (address: string) => Promise<void>): Promise<void> {
  const { address, close } = await peer;
  try {
    await work(address);
  } finally {
    await close();
  }
}

const emptyTar = Buffer.alloc(1024);

test('a truncated blob is refused by its size', async () => {
  const layer = gzipSync(emptyTar);
  await withPeer(serveContent(imageWith(layer, sha256(emptyTar), layer.subarray(0, 10))), async (address) => {
    const run = await place.run(['sbom', `${address}/app:1`]);
    assert.ok(run.code === 3 || run.code === 6, `${run.code} ${run.stderr}`);
    assert.match(run.stderr, /expected \d+ bytes|found 10/);
  });
});

test('a blob of other bytes is refused by its digest', async () => {
  const layer = gzipSync(emptyTar);
  const other = Buffer.from(layer);
  other[other.length - 1] = (other.at(-1) ?? 0) ^ 1;
  await withPeer(serveContent(imageWith(layer, sha256(emptyTar), other)), async (address) => {
    assertRefused(await place.run(['sbom', `${address}/app:1`]), 3, /blob sha256:[^]*found sha256:/);
  });
});

test('a manifest of other bytes than its digest says is refused', async () => {
  const content = imageWith(gzipSync(emptyTar), sha256(emptyTar));
  const asked = sha256('something else');
  content.set(`/v2/app/manifests/${asked}`, content.get('/v2/app/manifests/1')!);
  await withPeer(serveContent(content), async (address) => {
    assertRefused(await place.run(['manifest', `${address}/app@${asked}`]), 3, /sha256:/);
  });
});

test('a layer whose content is not what the configuration says is refused', async () => {
  await withPeer(serveContent(imageWith(gzipSync(emptyTar), sha256('other content'))), async (address) => {
    assertRefused(await place.run(['sbom', `${address}/app:1`]), 3, /diff id|sha256:/);
  });
});

test('a layer bomb is refused at a ceiling, soon', async () => {
  const header = Buffer.alloc(512);
  header.write('big');
  header.write('0000644\0', 100);
  header.write('77777777777\0', 124); // 8 GiB in octal digits
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  header.write('        ', 148);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  const zeros = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  const bomb = Buffer.concat([gzipSync(header), ...Array.from({ length: 300 }, () => zeros)]);
  await withPeer(serveContent(imageWith(bomb, sha256('never reached'))), async (address) => {
    assertRefused(await place.run(['sbom', `${address}/app:1`]), 3, /expected at most \d+/);
  });
});

test('a manifest over 4 MiB is refused', async () => {
  const big = Buffer.concat([
    Buffer.from('{"schemaVersion":2,"x":"'),
    Buffer.alloc(5 * 1024 * 1024, 97),
    Buffer.from('"}'),
  ]);
  await withPeer(serveContent(new Map([['/v2/app/manifests/1', { type: MANIFEST, bytes: big }]])), async (address) => {
    assertRefused(await place.run(['manifest', `${address}/app:1`]), 3, /expected at most 4194304 bytes/);
  });
});

test('a token realm on a private or link-local address is not asked', async () => {
  for (const realm of ['http://10.1.2.3/token', 'https://192.168.7.7/token', 'http://169.254.169.254/token']) {
    const challenge = (_request: IncomingMessage, response: ServerResponse) => {
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",service="s"` }).end();
      return true;
    };
    await withPeer(serveContent(new Map(), challenge), async (address) => {
      const start = performance.now();
      assertRefused(await place.run(['ls', `${address}/app`]), 5, /realm/);
      assert.ok(performance.now() - start < 5000, 'refused without trying to connect');
    });
  }
});

test('a wrong password is said to be one', async () => {
  const challenge = (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
    return true;
  };
  await withPeer(serveContent(new Map(), challenge), async (address) => {
    const run = await place.run(['login', address, '-u', 'somebody', '--password-stdin'], 'wrong');
    assertRefused(run, 5, new RegExp(`${address}.*(refused|credentials|password)`, 's'));
    assert.doesNotMatch(run.stderr, /wrong/);
  });
});

test('malformed YAML, an unknown field and a missing folder are refused with their place', async () => {
  writeFileSync(join(place.folder, 'pod.yaml'), 'apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, image: x}]}');
  const refusals: readonly (readonly [string, RegExp])[] = [
    ['a: [1', /bad\.yaml: expected YAML, .*line 1/],
    [
      'apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: {name: x}\nspec: {imagess: []}',
      /bad\.yaml\.spec\.imagess: unknown field/,
    ],
  ];
  for (const [text, pattern] of refusals) {
    writeFileSync(join(place.folder, 'bad.yaml'), text);
    assertRefused(await place.run(['admit', '-f', 'pod.yaml', '--policy', 'bad.yaml']), 3, pattern);
  }
  assertRefused(
    await place.run(['admit', '-f', 'pod.yaml', '--policy', 'nowhere']),
    4,
    /nowhere: expected a policy file or folder/,
  );
});

test('a registry that changes the protocol instead of answering gets no yes', async () => {
  const peer = await serve(({ socket }) => {
    socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n');
  });
  const run = await place.run(['digest', `${peer.address}/app:1`, '--timeout', '3']);
  await peer.close();
  assert.deepEqual([run.code, run.stdout], [6, ''], run.stderr);
  assert.match(run.stderr, /plimsoll: .+\n$/);
});

test('a reader that goes away makes no yes of a no', () => {
  const exitCode = (command: string) => {
    const options = { cwd: place.folder, env: place.environment };
    return spawnSync('bash', ['-c', `set -o pipefail; ${command}`], options).status;
  };
  const program = join(import.meta.dirname, '../../bin/plimsoll');
  assert.equal(exitCode(`${program} ls UPPER/Case:x 2>&1 >&- | true`), 3);
  assert.equal(exitCode(`${program} version | true`), 141);
});

test('a scan without advisories is an error, not a clean bill', async () => {
  assertRefused(await place.run(['scan', 'pkg:npm/lodash@4.17.20']), 4, /no advisories/);
});

test('usage errors name the flag, the command and what was expected', async () => {
  assertRefused(await place.run(['scan', 'x', '--fail-on', 'terrible']), 2, /--fail-on: expected one of/);
  assertRefused(await place.run(['verifi', 'x']), 2, /expected a command, found "verifi"\nhint: did you mean verify\?/);
  assertRefused(await place.run(['ls', 'UPPER/Case:x']), 3, /UPPER/);
});

test('--json errors are JSON', async () => {
  const run = await place.run(['scan', 'pkg:npm/lodash@1', '--json']);
  assert.equal((JSON.parse(run.stderr) as { error: { kind: string } }).error.kind, 'not-found');
});
