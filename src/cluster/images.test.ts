import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findImages, findPodSpecs, findPullNames, listKnownKinds } from './images.ts';

const podSpec = {
  initContainers: [{ name: 'setup', image: 'a/init:1' }],
  containers: [
    { name: 'main', image: 'a/main:1' },
    { name: 'side', image: 'a/side:1' },
  ],
  ephemeralContainers: [{ name: 'debug', image: 'a/debug:1' }],
  volumes: [
    { name: 'model', image: { reference: 'a/model:1' } },
    { name: 'tmp', emptyDir: {} },
  ],
};

/** An object of a known kind around a pod spec. */
function wrap(known: string, spec: unknown): Record<string, unknown> {
  const kind = known.slice(known.lastIndexOf('/') + 1);
  const base = { apiVersion: known.slice(0, known.lastIndexOf('/')), kind, metadata: { name: 'x' } };
  if (kind === 'Pod') return { ...base, spec };
  if (kind === 'PodTemplate') return { ...base, template: { spec } };
  if (kind === 'CronJob') return { ...base, spec: { jobTemplate: { spec: { template: { spec } } } } };
  return { ...base, spec: { template: { spec } } };
}

test('findImages sees every place of every kind that carries a pod template', () => {
  assert.equal(listKnownKinds().length, 9);
  for (const known of listKnownKinds()) {
    const images = findImages(wrap(known, podSpec)) ?? [];
    assert.deepEqual(
      images.map(({ image }) => image),
      ['a/init:1', 'a/main:1', 'a/side:1', 'a/debug:1', 'a/model:1'],
      known,
    );
  }
});

test('pointers lead to the image text', () => {
  const images = findImages(wrap('batch/v1/CronJob', podSpec)) ?? [];
  assert.equal(images[0]?.pointer, '/spec/jobTemplate/spec/template/spec/initContainers/0/image');
  assert.equal(images.at(-1)?.pointer, '/spec/jobTemplate/spec/template/spec/volumes/0/image/reference');
});

test('findImages knows nothing of another kind or another group', () => {
  assert.equal(findImages({ apiVersion: 'v1', kind: 'Service' }), undefined);
  assert.equal(findImages(wrap('example.com/v1/Deployment', podSpec)), undefined);
});

test('findImages refuses a malformed object instead of missing an image', () => {
  const specs = [
    undefined,
    [],
    { containers: {} },
    { containers: ['x'] },
    { containers: [null] },
    { containers: [{ image: '' }] },
    { containers: [], volumes: 'x' },
    { containers: [], volumes: ['x'] },
    { containers: [], volumes: [{ image: {} }] },
    { containers: [], ephemeralContainers: { 0: { image: 'x' } } },
    { containers: [{ name: 'x' }] },
    { containers: [{ image: 5 }] },
    { containers: [], volumes: [{ image: 'x' }] },
  ];
  for (const spec of specs)
    assert.throws(() => findImages(wrap('v1/Pod', spec)), { kind: 'invalid-input' }, JSON.stringify(spec));
  const many = { containers: Array.from({ length: 1001 }, () => ({ image: 'a' })) };
  assert.throws(() => findImages(wrap('v1/Pod', many)), { kind: 'invalid-input' });
});

test('findImages is not led astray by names that every object inherits', () => {
  const pod = JSON.parse('{"apiVersion":"v1","kind":"Pod","__proto__":{"spec":{"containers":[]}}}') as object;
  assert.throws(() => findImages({ ...pod }), { kind: 'invalid-input' });
  assert.equal(findImages({ apiVersion: 'v1', kind: 'constructor' }), undefined);
  const inherited = Object.create({ spec: { containers: [] } }) as Record<string, unknown>;
  assert.throws(() => findImages(Object.assign(inherited, { apiVersion: 'v1', kind: 'Pod' })), {
    kind: 'invalid-input',
  });
});

test('absent and null lists hold no images', () => {
  const spec = { containers: null, initContainers: null, volumes: [{ name: 'a', image: null }] };
  assert.deepEqual(findImages(wrap('v1/Pod', spec)), []);
});

test('findPodSpecs gives up on nesting that nobody writes', () => {
  let value: unknown = { containers: [{ image: 'x' }] };
  for (let depth = 0; depth < 40; depth += 1) value = { spec: value };
  assert.throws(() => findPodSpecs(value), { kind: 'invalid-input' });
});

test('findPodSpecs finds pod specs in kinds that nobody told of', () => {
  const custom = { apiVersion: 'example.com/v1', kind: 'Rollout', spec: { steps: [{ template: { spec: podSpec } }] } };
  assert.deepEqual(findPodSpecs(custom), ['/spec/steps/0/template/spec']);
  assert.deepEqual(findPodSpecs({ spec: { ports: [{ port: 1 }] } }), []);
});

test('what images are pulled with is found where each kind keeps its pod spec', () => {
  const spec = {
    serviceAccountName: 'builder',
    imagePullSecrets: [{ name: 'a' }, {}, { name: 'b.c' }],
    containers: [],
  };
  const found = { secrets: ['a', 'b.c'], serviceAccount: 'builder' };
  assert.deepEqual(findPullNames({ apiVersion: 'v1', kind: 'Pod', spec }), found);
  assert.deepEqual(findPullNames({ apiVersion: 'apps/v1', kind: 'Deployment', spec: { template: { spec } } }), found);
  const bare = { secrets: [], serviceAccount: 'default' };
  assert.deepEqual(findPullNames({ apiVersion: 'v1', kind: 'Pod', spec: { containers: [] } }), bare);
  assert.equal(findPullNames({ apiVersion: 'v1', kind: 'Service', spec: {} }), undefined);
});

test('the name of a secret or a service account is no path of the API', () => {
  const pod = (spec: object) => ({ apiVersion: 'v1', kind: 'Pod', spec });
  for (const name of ['../../kube-system/secrets/x', 'a/b', 'a?b', 'A', 5])
    assert.throws(() => findPullNames(pod({ imagePullSecrets: [{ name }] })), { kind: 'invalid-input' }, String(name));
  assert.throws(() => findPullNames(pod({ serviceAccountName: '../x' })), { kind: 'invalid-input' });
  const many = Array.from({ length: 65 }, (_, index) => ({ name: `s${index}` }));
  assert.throws(() => findPullNames(pod({ imagePullSecrets: many })), { kind: 'invalid-input' });
});
