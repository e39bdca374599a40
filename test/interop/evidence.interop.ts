/** Documents and folders that go between us and released cosign: download, attach, save, load, attest-blob, bundle create. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openRepository } from '../../src/app/registry.ts';
import { parseReference, resolveSettings } from '../../src/core/index.ts';
import { createPorts } from '../../src/io/index.ts';
import { pushImage } from '../../src/trust/images/testing.ts';
import { createBench, missingPeers, peer, PLIMSOLL, type Bench, type Server } from './support.ts';

const VERIFY = ['--key', 'cosign.pub', '--insecure-ignore-tlog'];
const CLAIM = ['--type', 'custom', '--predicate', 'predicate.json'];

describe('evidence of cosign 2 and 3', missingPeers('PEER_COSIGN2', 'PEER_COSIGN3'), () => {
  const cosign2 = peer('PEER_COSIGN2');
  const cosign3 = peer('PEER_COSIGN3');
  const ours = (...words: readonly string[]) => [PLIMSOLL, ...words];
  const offline3 = ['--yes', '--use-signing-config=false', '--tlog-upload=false', '--key', 'cosign.key'];
  const offline2 = ['--yes', '--tlog-upload=false', '--key', 'cosign.key'];
  let bench: Bench;
  let registry: Server;
  let images = 0;

  before(async () => {
    bench = await createBench();
    registry = await bench.serve(['registry', 'serve', '--address', '127.0.0.1:0', '--dir', 'registry']);
    await bench.run(cosign2('generate-key-pair'));
    await writeFile(join(bench.folder, 'file'), 'content');
    await writeFile(join(bench.folder, 'predicate.json'), '{"any":"thing"}');
  });
  after(async () => {
    await registry.stop();
    await bench.stop();
  });

  const home = import.meta.dirname;
  const settings = resolveSettings({ flags: {}, file: {} }, {}, home);
  const ports = createPorts({ settings, home, verbose: false, progress: () => undefined });
  const nameOf = (name: string) => `${new URL(registry.ready['url'] ?? '').host}/${name}`;
  const newImage = async (): Promise<string> => {
    images += 1;
    const name = nameOf(`app${images}`);
    return `${name}@${(await pushImage(openRepository(ports, parseReference(name)))).digest}`;
  };
  /** With a signature and an attestation by each of these. */
  const signedBy = async (...versions: readonly (2 | 3)[]): Promise<string> => {
    const image = await newImage();
    for (const version of versions) {
      const [cosign, flags] = version === 2 ? [cosign2, offline2] : [cosign3, offline3];
      await bench.run(cosign('sign', ...flags, image));
      await bench.run(cosign('attest', ...flags, ...CLAIM, image));
    }
    return image;
  };

  test('download, triangulate and attach are those of cosign 2', async () => {
    const image = await signedBy(2);
    await writeFile(join(bench.folder, 'sbom.json'), '{"spdxVersion":"SPDX-2.3"}\n');
    await writeFile(join(bench.folder, 'old.json'), '{"spdxVersion":"SPDX-2.2"}\n');
    await bench.run(ours('attach', 'sbom', '--format', 'legacy', '--sbom', 'old.json', image));
    await bench.run(ours('attach', 'sbom', '--sbom', 'sbom.json', image));
    for (const words of [
      ['download', 'signature'],
      ['download', 'attestation'],
      ['download', 'sbom'],
      ...['signature', 'attestation', 'sbom', 'digest'].map((type) => ['triangulate', '--type', type]),
    ]) {
      const [mine, theirs] = [await bench.run(ours(...words, image)), await bench.run(cosign2(...words, image))];
      assert.equal(mine.stdout, theirs.stdout, words.join(' '));
    }
    const bare = await newImage();
    const signature = JSON.parse((await bench.run(ours('download', 'signature', image))).stdout) as Record<
      string,
      string
    >;
    await writeFile(join(bench.folder, 'payload'), Buffer.from(signature['Payload'] ?? '', 'base64'));
    await writeFile(join(bench.folder, 'payload.sig'), signature['Base64Signature'] ?? '');
    await writeFile(join(bench.folder, 'att'), (await bench.run(ours('download', 'attestation', image))).stdout);
    await bench.run(ours('attach', 'signature', '--payload', 'payload', '--signature', 'payload.sig', bare));
    await bench.run(ours('attach', 'attestation', '--attestation', 'att', bare));
    await bench.run(cosign2('verify', ...VERIFY, bare));
    await bench.run(cosign2('verify-attestation', ...VERIFY, '--type', 'custom', bare));
  });

  test('bundles that cosign 3 stored are downloaded as it does, and attached so that it verifies', async () => {
    const image = await signedBy(3);
    const words = ['download', 'attestation'];
    const mine = (await bench.run(ours(...words, image))).stdout.trim();
    assert.ok((await bench.run(cosign3(...words, image))).stdout.split('\n').includes(mine));
    await writeFile(join(bench.folder, 'att'), mine);
    const bare = await newImage();
    await bench.run(ours('attach', 'attestation', '--attestation', 'att', bare));
    await bench.run(cosign3('verify-attestation', ...VERIFY, '--type', 'custom', bare));
  });

  test('what one saves the other loads and verifies', async () => {
    const image = await signedBy(2, 3);
    await bench.run(ours('save', '--dir', 'ours', image));
    for (const [index, cosign] of [cosign2, cosign3].entries()) {
      const theirs = `theirs${index}`;
      await bench.run(cosign('save', '--dir', theirs, image));
      await bench.run(cosign('load', '--dir', 'ours', nameOf(`ours${index}:v1`)));
      await bench.run(cosign('verify', ...VERIFY, nameOf(`ours${index}:v1`)));
      await bench.run(ours('load', '--dir', theirs, nameOf(`theirs${index}:v1`)));
      await bench.run(cosign('verify', ...VERIFY, nameOf(`theirs${index}:v1`)));
      await bench.run(ours('verify', '--local-image', '--key', 'cosign.pub', theirs));
    }
    // cosign 3 keeps referrers and lists them nowhere
    const kept = await bench.run(ours('download', 'attestation', nameOf('theirs1:v1')));
    assert.equal(kept.stdout.trim().split('\n').length, 2);
  });

  test('statements about files, and bundles made of detached signatures, verify in both directions', async () => {
    const type = ['--type', 'custom'];
    await bench.run(
      ours('attest-blob', '--key', 'cosign.key', ...CLAIM, '--bundle', 'o3', '--output-signature', 'o2', 'file'),
    );
    await bench.run(cosign3('verify-blob-attestation', ...VERIFY, ...type, '--bundle', 'o3', 'file'));
    await bench.run(cosign2('verify-blob-attestation', ...VERIFY, ...type, '--signature', 'o2', 'file'));
    await bench.run(cosign3('attest-blob', ...offline3, ...CLAIM, '--bundle', 't3', 'file'));
    await bench.run(
      cosign2('attest-blob', ...offline2, ...CLAIM, '--output-signature', 't2', '--bundle', 't1', 'file'),
    );
    for (const proof of ['--bundle=t3', '--signature=t2', '--bundle=t1'])
      await bench.run(ours('verify-blob-attestation', '--key', 'cosign.pub', ...type, proof, 'file'));
    const create = ['bundle', 'create', '--key', 'cosign.pub', '--out', 'made'];
    await bench.run(ours(...create, '--bundle', 't1'));
    await bench.run(cosign3('verify-blob-attestation', ...VERIFY, ...type, '--bundle', 'made', 'file'));
    await bench.run(cosign2('sign-blob', ...offline2, '--output-signature', 'sig', 'file'));
    await bench.run(ours(...create, '--signature', 'sig', '--artifact', 'file'));
    await bench.run(cosign3('verify-blob', ...VERIFY, '--bundle', 'made', 'file'));
    const bundle = JSON.parse(await readFile(join(bench.folder, 'made'), 'utf8')) as Record<string, unknown>;
    assert.equal(bundle['mediaType'], 'application/vnd.dev.sigstore.bundle.v0.3+json');
  });
});
