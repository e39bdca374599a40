import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError, digestOf, type Descriptor, type ErrorKind } from '../../core/index.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from '../media-types.ts';
import type { Repository } from '../repository.ts';
import { createMemoryRepository } from '../testing.ts';
import { ArtifactCopy, copyArtifact } from './copy.ts';
import { planCopy } from './plan.ts';

const bytesOf = (document: unknown) => new TextEncoder().encode(JSON.stringify(document));

interface Pushed {
  readonly subject?: Descriptor;
  readonly artifactType?: string;
  readonly layers?: readonly string[];
  readonly tag?: string;
}

async function pushImage(repository: Repository, { layers = [], tag, ...fields }: Pushed): Promise<Descriptor> {
  const describe = async (mediaType: string, text: string) => {
    const blob = { mediaType, digest: digestOf(text), size: Buffer.byteLength(text) };
    await repository.pushBlob(blob, Buffer.from(text));
    return blob;
  };
  const config = await describe(OCI_CONFIG, '{}');
  const described = await Promise.all(layers.map((text) => describe(OCI_LAYER, text)));
  const document = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: described, ...fields };
  return await repository.pushManifest(bytesOf(document), OCI_MANIFEST, tag);
}

async function pushIndex(repository: Repository, manifests: readonly object[], tag?: string): Promise<Descriptor> {
  return await repository.pushManifest(bytesOf({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }), OCI_INDEX, tag);
}

/** An index of two images: one with a signed SBOM, one with a cosign tag; and an index elsewhere that lists the first image. */
async function filled() {
  const from = createMemoryRepository('a.example.com/app');
  const one = await pushImage(from, { layers: ['one', 'shared'] });
  const two = await pushImage(from, { layers: ['two', 'shared'] });
  const index = await pushIndex(from, [one, two], 'v1');
  const sbom = await pushImage(from, { subject: one, artifactType: 'a/sbom', layers: ['sbom'] });
  const signature = await pushImage(from, { subject: sbom, artifactType: 'a/signature', layers: ['signature'] });
  const tag = `${two.digest.replace(':', '-')}.sig`;
  await pushImage(from, { layers: ['cosign'], tag });
  const unrelated = await pushIndex(from, [one], 'other');
  const to = createMemoryRepository('b.example.com/app');
  return { from, to, one, two, index, sbom, signature, tag, unrelated };
}

/** Counts what is written. */
function watched(repository: Repository) {
  const written = { blobs: [] as string[], manifests: [] as string[] };
  const watching: Repository = {
    ...repository,
    pushBlob: async (blob, content, signal) => {
      written.blobs.push(blob.digest);
      await repository.pushBlob(blob, content, signal);
    },
    pushManifest: async (bytes, mediaType, tag, signal) => {
      written.manifests.push(tag ?? digestOf(bytes));
      return await repository.pushManifest(bytes, mediaType, tag, signal);
    },
  };
  return { watching, written };
}

async function rejects(action: Promise<unknown>, kind: ErrorKind, message: RegExp) {
  await assert.rejects(action, (error) => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, message);
    return true;
  });
}

test('a copy takes referrers of children and of referrers and cosign tags, not what merely lists the image; the tag comes last', async () => {
  const { from, to, index, sbom, signature, one, tag, unrelated } = await filled();
  const { watching, written } = watched(to);
  const result = await copyArtifact(from, watching, 'v1', { tag: 'v1', parallelism: 3 });
  assert.deepEqual([result.manifests, result.referrers, result.differences], [6, 3, []]);
  assert.equal(written.manifests.at(-1), 'v1');
  assert.deepEqual(await to.listTags(), [tag, 'v1']);
  assert.equal((await to.fetchManifest('v1')).descriptor.digest, index.digest);
  assert.deepEqual(
    (await to.listReferrers(one.digest)).map(({ digest }) => digest),
    [sbom.digest],
  );
  assert.deepEqual(
    (await to.listReferrers(sbom.digest)).map(({ digest }) => digest),
    [signature.digest],
  );
  assert.equal(await to.findManifest(unrelated.digest), undefined);
  assert.equal(new Set(written.blobs).size, written.blobs.length);
  assert.equal(result.sent.bytes, '{}onetwosharedsbomsignaturecosign'.length);
});

test('a second copy sends nothing; one that broke off goes on with what is missing', async () => {
  const { from, to } = await filled();
  let left = 4;
  const breaking: Repository = {
    ...to,
    pushBlob: async (blob, content, signal) => {
      left -= 1;
      if (left < 0) throw new AppError('unavailable', 'cut');
      await to.pushBlob(blob, content, signal);
    },
  };
  await rejects(copyArtifact(from, breaking, 'v1', { tag: 'v1' }), 'unavailable', /cut/);
  assert.deepEqual(await to.listTags(), []);
  const second = await copyArtifact(from, to, 'v1', { tag: 'v1' });
  assert.equal(second.sent.blobs, 3);
  const { watching, written } = watched(to);
  const third = await copyArtifact(from, watching, 'v1', { tag: 'v1' });
  assert.deepEqual(third.sent, { manifests: 0, blobs: 0, bytes: 0 });
  assert.deepEqual(written, { blobs: [], manifests: [] });
});

test('a referrer that is there but not listed is pushed again, so that the target lists it', async () => {
  const { from, to, one, sbom } = await filled();
  await copyArtifact(from, to, 'v1', { tag: 'v1' });
  let isListed = false;
  const forgetful: Repository = {
    ...to,
    listReferrers: async (subject, type, signal) => {
      const listed = await to.listReferrers(subject, type, signal);
      return listed.filter(({ digest }) => isListed || subject !== one.digest || digest !== sbom.digest);
    },
    pushManifest: async (bytes, mediaType, tag, signal) => {
      if (digestOf(bytes) === sbom.digest) isListed = true;
      return await to.pushManifest(bytes, mediaType, tag, signal);
    },
  };
  const result = await copyArtifact(from, forgetful, 'v1', { tag: 'v1' });
  assert.deepEqual([result.sent.manifests, result.differences], [1, []]);
});

test('each difference is named: a manifest, a blob, a tag and a referrer that the target lost', async () => {
  const { from, to, one, sbom } = await filled();
  const lost = digestOf('one');
  const lossy: Repository = {
    ...to,
    findManifest: async (target) =>
      target === one.digest || target === 'v1' ? undefined : await to.findManifest(target),
    hasBlob: async (digest) => digest !== lost && (await to.hasBlob(digest)),
    listReferrers: async () => [],
  };
  const root = await from.fetchManifest('v1');
  const { differences } = await new ArtifactCopy(from, lossy).copy(root, ['v1']);
  for (const expected of [
    `manifest ${one.digest} is missing`,
    `blob ${lost} is missing`,
    'tag v1 does not name',
    `referrer ${sbom.digest} is not listed`,
  ]) {
    assert.ok(
      differences.some((text) => text.startsWith(`b.example.com/app: ${expected}`)),
      expected,
    );
  }
  await rejects(copyArtifact(from, lossy, 'v1', { tag: 'v1' }), 'unavailable', /after the copy/);
});

test('a tag that the source moved is moved in the target and said; with keepTags it is left and said', async () => {
  const { from, to, index, one } = await filled();
  await copyArtifact(from, to, 'v1', { tag: 'v1' });
  await from.pushManifest((await from.fetchManifest(one.digest)).bytes, OCI_MANIFEST, 'v1');
  const moved = { tag: 'v1', from: index.digest, to: one.digest };
  const kept = await copyArtifact(from, to, 'v1', { tag: 'v1', keepTags: true });
  assert.deepEqual([kept.keptTags, kept.movedTags, kept.differences], [[moved], [], []]);
  assert.equal((await to.fetchManifest('v1')).descriptor.digest, index.digest);
  assert.deepEqual((await copyArtifact(from, to, 'v1', { tag: 'v1' })).movedTags, [moved]);
  assert.equal((await to.fetchManifest('v1')).descriptor.digest, one.digest);
});

test('a dry run counts what would be sent and sends nothing', async () => {
  const { from, to } = await filled();
  const { watching, written } = watched(to);
  const result = await new ArtifactCopy(from, watching).dryRun(await from.fetchManifest('v1'), ['v1']);
  assert.deepEqual([result.sent.manifests, result.sent.blobs, written.blobs, written.manifests], [6, 7, [], []]);
});

test('without referrers the children go along and nothing else', async () => {
  const { from, to } = await filled();
  const result = await copyArtifact(from, to, 'v1', { tag: 'v1', only: true });
  assert.deepEqual([result.manifests, result.referrers, await to.listTags()], [3, 0, ['v1']]);
});

test('a child that is not there fails before anything is sent; a subject that is not there does not', async () => {
  const { from, to } = await filled();
  const gone = {
    mediaType: OCI_MANIFEST,
    digest: digestOf('gone'),
    size: 4,
    platform: { os: 'linux', architecture: 'arm64' },
  };
  await pushIndex(from, [gone], 'broken');
  await rejects(
    copyArtifact(from, to, 'broken'),
    'not-found',
    /expected manifest sha256:\w+ for linux\/arm64 as index/,
  );
  const orphan = await pushImage(from, { subject: gone, tag: 'orphan' });
  const result = await copyArtifact(from, to, 'orphan', { tag: 'orphan' });
  assert.deepEqual([result.descriptor.digest, result.manifests], [orphan.digest, 1]);
});

test('what is listed as a referrer and is none, or is gone, is left out and said', async () => {
  const { from, to, one, two, index } = await filled();
  const lying: Repository = {
    ...from,
    listReferrers: async (subject, type) => {
      const listed = await from.listReferrers(subject, type);
      return subject === index.digest ? [one, { ...two, digest: digestOf('gone') }, ...listed] : listed;
    },
  };
  const { remarks, manifests } = await copyArtifact(lying, to, 'v1', { tag: 'v1' });
  assert.equal(manifests, 6);
  assert.match(remarks[0] ?? '', /lists sha256:\w+ as referrer of sha256:\w+, which it is not/);
  assert.match(remarks[1] ?? '', /lists referrer sha256:\w+ of sha256:\w+, which is not there/);
});

test('layers kept elsewhere stay there; what an index lists besides manifests goes along as blobs', async () => {
  const { from, to } = await filled();
  const foreign = {
    mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
    digest: digestOf('foreign'),
    size: 7,
    urls: ['https://example.com/layer'],
  };
  const config = { mediaType: OCI_CONFIG, digest: digestOf('{}'), size: 2 };
  const document = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [foreign] };
  await from.pushManifest(bytesOf(document), OCI_MANIFEST, 'windows');
  const left = await copyArtifact(from, to, 'windows', { tag: 'windows' });
  assert.equal(left.blobs, 1);
  assert.match(
    left.remarks.join(),
    /has layer sha256:\w+ from https:\/\/example\.com\/layer, which may not be handed on/,
  );
  await from.pushBlob(foreign, Buffer.from('foreign'));
  const taken = await copyArtifact(from, to, 'windows', { tag: 'windows', foreign: true });
  assert.deepEqual([taken.blobs, taken.remarks, await to.hasBlob(foreign.digest)], [2, [], true]);
  const cache = { mediaType: 'application/vnd.buildkit.cacheconfig.v0', digest: digestOf('one'), size: 3 };
  await pushIndex(from, [cache], 'cache');
  await copyArtifact(from, to, 'cache', { tag: 'cache' });
  assert.equal(await to.hasBlob(cache.digest), true);
});

test('what one run copied is not looked at again', async () => {
  const { from, to, one } = await filled();
  const copy = new ArtifactCopy(from, to);
  await copy.copy(await from.fetchManifest('v1'), ['v1']);
  assert.equal(copy.has(one.digest), true);
  const again = await copy.copy(await from.fetchManifest(one.digest), ['single']);
  assert.deepEqual([again.manifests, again.blobs, again.differences], [0, 0, []]);
  assert.equal((await to.fetchManifest('single')).descriptor.digest, one.digest);
});

test('where all tags are known, absent ones are not asked for', async () => {
  const { from, tag } = await filled();
  const asked: string[] = [];
  const counting = {
    ...from,
    findManifest: async (target: string) => (asked.push(target), await from.findManifest(target)),
  };
  const root = await from.fetchManifest('v1');
  await planCopy(counting, root, { parallelism: 2, tags: new Set(await from.listTags()) });
  assert.deepEqual(
    asked.filter((target) => !target.startsWith('sha256:')),
    [tag],
  );
});

test('an index of many large manifests is refused while they come, not when all of them are held', async () => {
  const { from } = await filled();
  const children = Array.from({ length: 5000 }, (_, n) => ({
    mediaType: OCI_MANIFEST,
    digest: digestOf(`${n}`),
    size: 1,
  }));
  const index = await pushIndex(from, children, 'many');
  const large = { bytes: new Uint8Array(1024 * 1024), descriptor: children[0] as Descriptor };
  let asked = 0;
  const hostile: Repository = {
    ...from,
    findManifest: async () => {
      asked += 1;
      return large;
    },
  };
  const planned = planCopy(hostile, await from.fetchManifest(index.digest), { parallelism: 4 });
  await rejects(planned, 'invalid-input', /expected at most .* bytes to copy, found more/);
  assert.ok(asked < 600, `${asked} manifests`);
});
