/**
 * `npm run demo`: the whole chain on this machine, with nothing but this program: push, SBOM, scan, sign, attest, policy, admission,
 * and which workloads a new vulnerability hits. Exits 0 only if every verdict is the expected one. `--keep` leaves the servers up.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeLayers, makeTextLayer } from './demo/layers.ts';
import { deployment, patched, pod, sendReview, withEphemeral } from './demo/reviews.ts';
import type { Answer, ReviewTarget } from './demo/reviews.ts';
import { heading, openStage, paint, say } from './demo/stage.ts';
import type { Stage } from './demo/stage.ts';
import { root } from './run.ts';

/** Who builds the api: signed for by identity, without a key to keep. */
const PIPELINE = 'pipeline@shop.example';
const IDENTITY = '--signing-config authority/signing_config.v0.2.json --identity-token token';

const keep = process.argv.includes('--keep');
const start = performance.now();

interface Outcome {
  readonly what: string;
  readonly expected: string;
  readonly found: string;
  readonly took: string;
}

const outcomes: Outcome[] = [];
const stage = openStage();
try {
  await play(stage);
} catch (error) {
  say(paint(31, error instanceof Error ? error.message : String(error)));
  outcomes.push({ what: 'the demo runs to its end', expected: 'yes', found: 'no', took: '' });
} finally {
  await stage.close({ keep });
}
summarise();

async function play(stage: Stage): Promise<void> {
  heading('1. An embedded registry, and three images made of real files');
  const { url = '' } = await stage.serve(`registry serve --address 127.0.0.1:0`);
  const registry = url.replace('http://', '');
  const layers = makeLayers(stage.folder);
  say(paint(2, `  layers: ${layers.origin}; this project's own libraries`));
  const image = (name: string) => `${registry}/shop/${name}:1.0`;
  makeTextLayer(stage.folder, 'batch', 'nobody signed this');
  makeTextLayer(stage.folder, 'web', 'the page that was signed');
  makeTextLayer(stage.folder, 'moved', 'other bytes under the same tag');
  stage.plimsoll(`append -f base.tar -f libraries.tar -t ${image('api')}`);
  stage.plimsoll(`append -f base.tar -f batch.tar -t ${image('batch')}`);
  stage.plimsoll(`append -f base.tar -f libraries.tar -f web.tar -t ${image('web')}`);
  const signedWeb = stage.plimsoll(`digest ${image('web')}`).trim();

  heading('2. What is in them, what is known about it, how they were made: signed');
  prepareFiles(stage);
  stage.plimsoll('db import known.json');
  const { url: authority = '' } = await stage.serve('authority serve --address 127.0.0.1:0 --dir authority --try-out');
  stage.plimsoll(`authority token --dir authority ${PIPELINE}`, { to: 'token' });
  vouch(stage, { name: 'api', image: image('api'), signer: IDENTITY });
  stage.plimsoll('generate-key-pair');
  vouch(stage, { name: 'web', image: image('web'), signer: '--key cosign.key --yes' });
  stage.plimsoll(`tree ${image('api')}`);

  heading('3. A tag is moved to other bytes after signing');
  stage.plimsoll(`append -f base.tar -f libraries.tar -f moved.tar -t ${image('web')}`);
  stage.plimsoll(`verify --key cosign.pub ${image('web')}`, { expect: 10, show: 3 });
  stage.plimsoll(`verify --key cosign.pub ${registry}/shop/web@${signedWeb}`, { show: 3 });

  heading('4. The admission server, with the policies of policies/');
  writePolicies(stage.folder, `${authority}/oidc`);
  const served = await stage.serve('serve --policy policies --listen 127.0.0.1:0');
  const target: ReviewTarget = { url: served.url ?? '', caFile: served.caFile ?? '' };
  await reviewAll(target, { registry, signedWeb });
  heading('   The same verdict explained on the command line');
  writeFileSync(join(stage.folder, 'batch.yaml'), JSON.stringify(deployment('batch', image('batch'))));
  stage.plimsoll('admit -f batch.yaml --policy policies', { expect: 1, show: 12 });

  heading('5. A new vulnerability is published: which workloads does it hit?');
  askAffected(stage);
}

function prepareFiles(stage: Stage): void {
  const from = join(root, 'examples/demo');
  for (const file of ['advisories/known.json', 'advisories/new.json', 'hono.openvex.json']) {
    cpSync(join(from, file), join(stage.folder, file.replace('advisories/', '')));
  }
}

interface Vouching {
  readonly name: string;
  readonly image: string;
  /** Flags that say who signs. */
  readonly signer: string;
}

/** SBOM, scan and provenance of an image, signed and attached, and the image itself signed. */
function vouch(stage: Stage, { name, image, signer }: Vouching): void {
  const options = name === 'api' ? { show: 6 } : { isQuiet: true };
  const format = name === 'api' ? 'spdx-json' : 'cyclonedx-json';
  const type = name === 'api' ? 'spdxjson' : 'cyclonedx';
  if (name !== 'api') say(paint(2, `  (and the same for ${image}, with a CycloneDX SBOM, and signed with a key)`));
  stage.plimsoll(`sbom ${image} -o ${format}=${name}.sbom.json`, options);
  stage.plimsoll(`scan ${image} --vex hono.openvex.json --fail-on high`, options);
  stage.plimsoll(`scan ${image} --vex hono.openvex.json -o vuln`, { ...options, to: `${name}.scan.json` });
  stage.plimsoll(
    `provenance --builder-id https://demo.invalid/builder --build-type https://demo.invalid/append --output ${name}.provenance.json`,
    options,
  );
  stage.plimsoll(`sign ${signer} ${image}`, options);
  stage.plimsoll(`attest ${signer} --type ${type} --predicate ${name}.sbom.json ${image}`, options);
  stage.plimsoll(`attest ${signer} --type vuln --predicate ${name}.scan.json ${image}`, options);
  stage.plimsoll(`attest ${signer} --type slsaprovenance1 --predicate ${name}.provenance.json ${image}`, options);
}

function writePolicies(folder: string, issuer: string): void {
  const from = join(root, 'examples/demo/policies');
  const key = readFileSync(join(folder, 'cosign.pub'), 'utf8').trim().split('\n').join('\n          ');
  mkdirSync(join(folder, 'policies'));
  for (const name of readdirSync(from)) {
    writeFileSync(
      join(folder, 'policies', name),
      readFileSync(join(from, name), 'utf8').replaceAll('${PUBLIC_KEY}', key).replaceAll('${ISSUER}', issuer),
    );
  }
}

interface Facts {
  readonly registry: string;
  readonly signedWeb: string;
}

async function reviewAll(target: ReviewTarget, { registry, signedWeb }: Facts): Promise<void> {
  const image = (name: string) => `${registry}/shop/${name}:1.0`;
  const mutate = (what: string, expected: Verdict, object: ReturnType<typeof pod>) =>
    review(target, { what, expected, object, path: '/mutate' });
  const api = pod('api', image('api'));
  const pinned = patched(api, await mutate('Pod api: signed and attested', 'allow', api));
  await review(target, {
    what: 'the same Pod, pinned by the patch',
    expected: 'allow',
    object: pinned,
    path: '/validate',
  });
  await review(target, { what: 'the same Pod, still by tag', expected: 'deny', object: api, path: '/validate' });
  const shop = deployment('api', image('api'));
  const pinnedShop = patched(shop, await mutate('Deployment api, with an init container', 'allow', shop));
  await review(target, {
    what: 'the same Deployment, pinned',
    expected: 'allow',
    object: pinnedShop,
    path: '/validate',
  });
  await mutate('Deployment batch: unsigned', 'deny', deployment('batch', image('batch')));
  await mutate('Pod web: tag moved after signing', 'deny', pod('web', image('web')));
  const signed = pod('web', `${registry}/shop/web@${signedWeb}`);
  await review(target, {
    what: 'Pod web by the digest that was signed',
    expected: 'allow',
    object: signed,
    path: '/validate',
  });
  const debug = withEphemeral(pinned, image('batch'));
  await review(target, {
    what: 'an unsigned ephemeral container in Pod api',
    expected: 'deny',
    object: debug,
    oldObject: pinned,
    path: '/validate',
  });
  await mutate('Pod from a registry that does not answer', 'deny', pod('lost', '127.0.0.1:9/shop/lost:1'));
  await mutate('Service, which runs no image', 'deny', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'api' },
    spec: {},
  });
}

type Verdict = 'allow' | 'deny';

interface Review {
  readonly what: string;
  readonly expected: Verdict;
  readonly object: ReturnType<typeof pod>;
  readonly oldObject?: ReturnType<typeof pod>;
  readonly path: '/mutate' | '/validate';
}

async function review(target: ReviewTarget, { what, expected, object, oldObject, path }: Review): Promise<Answer> {
  const answer = await sendReview(target, path, object, oldObject);
  const found = answer.allowed ? 'allow' : 'deny';
  outcomes.push({ what, expected, found, took: `${answer.took.toFixed(0)} ms` });
  say(`${paint(answer.allowed ? 32 : 31, found.padEnd(5))} POST ${path}: ${what}`);
  for (const { path: pointer, value } of answer.patched) say(paint(2, `        patch ${pointer} = ${value}`));
  for (const line of answer.message.split('\n').filter((text) => text !== '')) say(paint(2, `        ${line}`));
  return answer;
}

function askAffected(stage: Stage): void {
  stage.plimsoll('db import new.json');
  const before = performance.now();
  stage.plimsoll('affected CVE-2099-10003', { expect: 1 });
  const whole = performance.now() - before;
  const answer = JSON.parse(stage.plimsoll('affected CVE-2099-10003 --json', { expect: 1, isQuiet: true })) as {
    readonly images: readonly { readonly workloads: readonly { readonly kind: string; readonly name: string }[] }[];
    readonly took: number;
  };
  const workloads = answer.images.flatMap((image) => image.workloads.map(({ kind, name }) => `${kind}/${name}`)).sort();
  const expected = 'Deployment/api, Pod/api, Pod/web';
  outcomes.push({
    what: 'workloads hit by CVE-2099-10003',
    expected,
    found: workloads.join(', '),
    took: `${answer.took.toFixed(1)} ms (${whole.toFixed(0)} with start)`,
  });
}

function summarise(): void {
  heading('Summary');
  const width = Math.max(...outcomes.map(({ what }) => what.length));
  for (const { what, expected, found, took } of outcomes) {
    const isRight = expected === found;
    const verdict = isRight ? found : `expected ${expected}, found ${found}`;
    say(
      `  ${paint(isRight ? 32 : 31, isRight ? 'as expected' : 'WRONG      ')}  ${what.padEnd(width)}  ${verdict}  ${paint(2, took)}`,
    );
  }
  const wrong = outcomes.filter(({ expected, found }) => expected !== found).length;
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  say(`\n${outcomes.length - wrong} of ${outcomes.length} as expected, in ${seconds} s`);
  process.exitCode = wrong === 0 ? 0 : 1;
}
