import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pod, sendReview } from '../../scripts/demo/reviews.ts';
import type { Answer, ReviewTarget } from '../../scripts/demo/reviews.ts';
import { openPlace } from './program.ts';

const place = openPlace();
const servers: ChildProcess[] = [];
let image = '';
let target: ReviewTarget;

/** Starts a server command and reads the JSON that tells its address. */
async function start(args: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const child = spawn(join(import.meta.dirname, '../../bin/plimsoll'), [...args, '--json'], {
    cwd: place.folder,
    env: place.environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  servers.push(child);
  let text = '';
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (text.trimEnd().endsWith('}')) break;
  }
  return JSON.parse(text) as Readonly<Record<string, string>>;
}

async function ok(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await place.run(args);
  assert.equal(code, 0, `plimsoll ${args.join(' ')}: ${stderr}`);
  return stdout;
}

function writePolicy(text: string): void {
  writeFileSync(join(place.folder, 'policies/policy.yaml'), text);
}

function policy(): string {
  const key = readFileSync(join(place.folder, 'cosign.pub'), 'utf8');
  const attestations = [{ name: 'sbom', predicateType: 'cyclonedx' }];
  const spec = { images: [{ glob: '**' }], authorities: [{ key: { data: key }, attestations }] };
  return JSON.stringify({
    apiVersion: 'policy.sigstore.dev/v1beta1',
    kind: 'ClusterImagePolicy',
    metadata: { name: 'sbom' },
    spec,
  });
}

before(async () => {
  const { url = '' } = await start(['registry', 'serve', '--address', '127.0.0.1:0']);
  image = `${url.replace('http://', '')}/shop/web:1`;
  mkdirSync(join(place.folder, 'policies'));
  mkdirSync(join(place.folder, 'root/node_modules/left-pad'), { recursive: true });
  writeFileSync(
    join(place.folder, 'root/node_modules/left-pad/package.json'),
    '{"name":"left-pad","version":"1.0.0","license":"WTFPL"}',
  );
  spawnSync('tar', ['-cf', 'layer.tar', '-C', 'root', 'node_modules'], { cwd: place.folder });
  await ok('append', '-f', 'layer.tar', '-t', image);
  await ok('generate-key-pair');
  writePolicy(policy());
  const served = await start(['serve', '--policy', 'policies', '--listen', '127.0.0.1:0']);
  target = { url: served.url ?? '', caFile: served.caFile ?? '' };
});

after(async () => {
  for (const server of servers) server.kill('SIGTERM');
  await Promise.all(servers.map((server) => new Promise((resolve) => server.once('exit', resolve))));
  place.close();
});

/** Repeats until the answer is as wanted, for what becomes true within a second or two. */
async function eventually(ask: () => Promise<Answer>, wanted: (answer: Answer) => boolean): Promise<Answer> {
  const end = performance.now() + 10_000;
  for (;;) {
    const answer = await ask();
    if (wanted(answer) || performance.now() > end) return answer;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

test('an image is denied until its SBOM is attested, then pinned, and found by a later advisory', async () => {
  const denied = await sendReview(target, '/mutate', pod('web', image));
  assert.equal(denied.allowed, false);
  assert.match(denied.message, /sbom: no attestation of this type verifies/);

  await ok('sbom', image, '-o', 'cyclonedx-json=sbom.json');
  await ok('attest', '--key', 'cosign.key', '--type', 'cyclonedx', '--predicate', 'sbom.json', image);
  const allowed = await sendReview(target, '/mutate', pod('web', image));
  assert.equal(allowed.allowed, true, allowed.message);
  const pinned = allowed.patched[0]?.value ?? '';
  assert.match(pinned, /:1@sha256:[0-9a-f]{64}$/);
  assert.equal((await sendReview(target, '/validate', pod('web', pinned))).allowed, true);

  const advisory = {
    id: 'TEST-1',
    aliases: ['CVE-2099-1'],
    modified: '2026-01-01T00:00:00Z',
    affected: [
      {
        package: { ecosystem: 'npm', name: 'left-pad' },
        ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '2.0.0' }] }],
      },
    ],
  };
  writeFileSync(join(place.folder, 'advisory.json'), JSON.stringify(advisory));
  await ok('db', 'import', 'advisory.json');
  const { code, stdout } = await place.run(['affected', 'CVE-2099-1', '--json']);
  assert.equal(code, 1);
  const { images } = JSON.parse(stdout) as { images: readonly { workloads: readonly { name: string }[] }[] };
  assert.deepEqual(
    images.map(({ workloads }) => workloads.map(({ name }) => name)),
    [['web']],
  );
  assert.equal(
    (await place.run(['affected', 'CVE-2099-2'])).code,
    4,
    'an unknown id is not the same as hitting nothing',
  );
});

test('a policy that is broken while the server runs denies everything until it is mended', async () => {
  const ask = () => sendReview(target, '/mutate', pod('web', image));
  writePolicy('spec: [');
  const denied = await eventually(ask, ({ allowed }) => !allowed);
  assert.match(denied.message, /the policies cannot be used: .*policy\.yaml: expected YAML/);
  writePolicy(policy());
  assert.equal((await eventually(ask, ({ allowed }) => allowed)).allowed, true);
});

test('verdicts are remembered with their reasons', async () => {
  const verdicts = JSON.parse(await ok('verdicts', '--json')) as readonly { outcome: string; workload: string }[];
  assert.ok(verdicts.some(({ outcome, workload }) => outcome === 'allow' && workload === 'shop/Pod/web'));
  assert.ok(verdicts.some(({ outcome }) => outcome === 'deny'));
});
