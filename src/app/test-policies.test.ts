import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createHandlerHttp } from '../artifacts/testing.ts';
import { parseReference } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { policyText } from '../policies/testing.ts';
import { formatPublicKey, signImage } from '../trust/index.ts';
import { createSigningKey, pushImage, signOptionsOf } from '../trust/images/testing.ts';
import { explainPolicies } from './explain-policies.ts';
import { podOf } from './manifest-images.ts';
import { openRepository } from './registry.ts';
import { testPolicies } from './test-policies.ts';
import { createTestRegistry } from './testing.ts';

const HOST = 'localhost:5000';
const key = createSigningKey();
const signal = new AbortController().signal;

async function setUp() {
  const plain = createTestPorts();
  const ports = { ...plain, http: createHandlerHttp({ [HOST]: createTestRegistry(plain) }) };
  for (const name of ['signed', 'unsigned']) {
    const repository = openRepository(ports, parseReference(`${HOST}/${name}`));
    const image = await pushImage(repository, name);
    await repository.pushManifest((await repository.fetchManifest(image.digest)).bytes, image.mediaType, 'v1');
    if (name === 'signed') await signImage(repository, { subject: image, annotations: {} }, signOptionsOf(key));
  }
  const write = async (name: string, value: unknown) =>
    await ports.files.writeAtomic(join(ports.home, name), typeof value === 'string' ? value : JSON.stringify(value));
  const data = formatPublicKey(key.publicKey);
  const policy = policyText([{ name: 'owner', key: { data } }]);
  await write('policy.yaml', policy);
  const run = async (cases: readonly object[], more: object = {}) => {
    await write('cases.yaml', { policies: ['policy.yaml'], cases, ...more });
    const results = await testPolicies(ports, { path: join(ports.home, 'cases.yaml'), access: {} }, signal);
    return results.map(({ name, found, fault }) => [name, found, fault ?? 'as expected']);
  };
  return { ports, write, run };
}

test('a table says of each case what was expected and what was found', async () => {
  const { write, run } = await setUp();
  const pods = ['signed', 'unsigned'].map((name) => podOf(`${HOST}/${name}:v1`));
  await write('pods.yaml', { apiVersion: 'v1', kind: 'List', items: pods });
  await write('nothing.yaml', '');
  const image = (name: string) => `${HOST}/${name}:v1`;
  const cases = [
    { name: 'a', image: image('signed'), expect: 'allow', reasons: ['signature-verified'] },
    { name: 'b', image: image('unsigned'), expect: 'deny', reasons: ['no-matching-signature'] },
    { name: 'c', image: image('unsigned'), expect: 'allow' },
    { name: 'd', image: image('unsigned'), expect: 'deny', reasons: ['static-fail'] },
    { name: 'e', manifest: 'pods.yaml', expect: 'deny' },
    { name: 'f', manifest: 'nothing.yaml', expect: 'allow' },
  ];
  assert.deepEqual(await run(cases), [
    ['a', 'allow', 'as expected'],
    ['b', 'deny', 'as expected'],
    ['c', 'deny', 'expected allow, found deny'],
    ['d', 'deny', 'expected the reasons static-fail, found no-matching-signature'],
    ['e', 'deny', 'as expected'],
    ['f', 'allow', 'the manifest holds no object'],
  ]);
});

test('a table that is none is refused', async () => {
  const { run } = await setUp();
  const one = { name: 'a', expect: 'allow' };
  await assert.rejects(run([one]), /case a: expected either image or manifest/);
  await assert.rejects(run([{ ...one, image: 'a', manifest: 'b' }]), /expected either image or manifest/);
  await assert.rejects(run([{ ...one, image: 'a', expects: 'deny' }]), /cases\[0\]\.expects: unknown field/);
  await assert.rejects(run([{ ...one, image: 'a' }], { at: 'yesterday' }), /at: expected a time/);
  await assert.rejects(run([]), /cases: expected at least one, found none/);
  await assert.rejects(run([{ ...one, image: 'a' }], { policies: ['gone'] }), { kind: 'not-found' });
});

test('an explanation has every policy, also those that do not speak of the image', async () => {
  const { ports, write } = await setUp();
  const other = JSON.parse(
    policyText([{ static: { action: 'pass' } }], { images: [{ glob: 'elsewhere.test/**' }] }),
  ) as object;
  await write('other.yaml', { ...other, metadata: { name: 'other' } });
  const policyPaths = ['policy.yaml', 'other.yaml'].map((name) => join(ports.home, name));
  const objects = [podOf(`${HOST}/unsigned:v1`)];
  const input = { objects, policyPaths, namespace: 'default', at: ports.clock() };
  const [explained] = await explainPolicies(ports, input, signal);
  const [image] = explained?.images ?? [];
  assert.deepEqual(
    image?.policies.map(({ name, outcome, reasons }) => [
      name,
      outcome,
      reasons.map(({ code, rule }) => `${rule} ${code}`),
    ]),
    [
      ['policy', 'deny', ['policy/owner no-matching-signature']],
      ['other', undefined, []],
    ],
  );
  assert.match(image?.digest ?? '', /^sha256:/);
});
