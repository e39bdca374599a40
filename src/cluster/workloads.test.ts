import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asPulled, isIdle } from './workloads.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

function imageAfter(image: string, imageID: unknown): unknown {
  const status = { containerStatuses: [{ name: 'main', imageID }] };
  const { spec } = asPulled({ kind: 'Pod', spec: { containers: [{ name: 'main', image }] }, status });
  return (spec as { containers: readonly { image: unknown }[] }).containers[0]?.image;
}

test('an image gets the digest that its node pulled, under the name that is written', () => {
  assert.equal(imageAfter('app:1', `registry.example/app@${DIGEST}`), `app:1@${DIGEST}`);
  assert.equal(imageAfter('app:1', `docker-pullable://mirror.example:5000/app@${DIGEST}`), `app:1@${DIGEST}`);
});

test('an image stays as written where its status tells no digest of a manifest, or it names one itself', () => {
  for (const imageID of ['', undefined, DIGEST, `docker://${DIGEST}`, 'registry.example/app@sha256:short', 7])
    assert.equal(imageAfter('app:1', imageID), 'app:1', String(imageID));
  const own = `app@sha256:${'b'.repeat(64)}`;
  assert.equal(imageAfter(own, `app@${DIGEST}`), own);
});

test('containers of every sort are looked up among statuses of their sort, by name', () => {
  const pod = {
    spec: {
      containers: [{ name: 'b', image: 'b' }],
      initContainers: [{ name: 'a', image: 'a' }],
      ephemeralContainers: [{ name: 'c', image: 'c' }],
    },
    status: {
      containerStatuses: [{ name: 'a', imageID: `x@${DIGEST}` }],
      initContainerStatuses: [{ name: 'a', imageID: `x@${DIGEST}` }],
      ephemeralContainerStatuses: [{ name: 'c', imageID: `x@${DIGEST}` }],
    },
  };
  assert.deepEqual(asPulled(pod).spec, {
    containers: [{ name: 'b', image: 'b' }],
    initContainers: [{ name: 'a', image: `a@${DIGEST}` }],
    ephemeralContainers: [{ name: 'c', image: `c@${DIGEST}` }],
  });
});

test('what ended, sleeps or is made by another is idle; what is broken is not', () => {
  const owned = { metadata: { ownerReferences: [{ controller: true }] } };
  for (const object of [
    { kind: 'Pod', status: { phase: 'Failed' } },
    { kind: 'ReplicaSet', ...owned },
    { kind: 'Deployment', spec: { replicas: 0 } },
    { kind: 'Job', spec: { suspend: true } },
  ])
    assert.ok(isIdle(object), JSON.stringify(object));
  for (const object of [
    { kind: 'Pod', ...owned, status: { phase: 'Pending' } },
    { kind: 'Pod' },
    { kind: 'ReplicaSet', metadata: { ownerReferences: [{ controller: false }] } },
    { kind: 'CronJob', spec: { suspend: true } },
    { kind: 'Deployment', spec: 'broken' },
  ])
    assert.ok(!isIdle(object), JSON.stringify(object));
});
