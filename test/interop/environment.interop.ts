/** COSIGN_REPOSITORY beside released cosign: each finds in another repository what the other has put there, and copies it along. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openRepository } from '../../src/app/registry.ts';
import { parseReference, resolveSettings } from '../../src/core/index.ts';
import { createPorts } from '../../src/io/index.ts';
import { pushImage } from '../../src/trust/images/testing.ts';
import { createBench, missingPeers, peer, PLIMSOLL, type Bench, type Server } from './support.ts';

const ours = (...words: readonly string[]): readonly string[] => [PLIMSOLL, ...words];
const LEGACY = ['--tlog-upload=false'];

/** How each peer signs by key with no service. */
const PEERS = [
  { name: 'cosign 3, bundles', variable: 'PEER_COSIGN3', signs: ['--signing-config', 'services.json'], form: 'bundle' },
  {
    name: 'cosign 3, tags',
    variable: 'PEER_COSIGN3',
    signs: ['--new-bundle-format=false', '--use-signing-config=false', ...LEGACY],
    form: 'legacy',
  },
  { name: 'cosign 2', variable: 'PEER_COSIGN2', signs: LEGACY, form: 'legacy' },
] as const;

const LEGACY_OF = {
  PEER_COSIGN3: ['--new-bundle-format=false', '--use-signing-config=false', ...LEGACY],
  PEER_COSIGN2: LEGACY,
} as const;

for (const { name, variable, signs, form } of PEERS) {
  describe(name, missingPeers(variable), () => {
    const cosign = peer(variable);
    const signed = ['--insecure-ignore-tlog', '--key', 'cosign.pub'];
    const about = ['--type', 'custom', '--predicate', 'predicate.json'];
    let bench: Bench;
    let registry: Server;
    let host: string;
    let env: Readonly<Record<string, string>>;
    let images = 0;

    before(async () => {
      bench = await createBench();
      registry = await bench.serve(['registry', 'serve', '--address', '127.0.0.1:0', '--dir', 'registry']);
      ({ host } = new URL(registry.ready['url'] ?? ''));
      env = { COSIGN_REPOSITORY: `${host}/signatures` };
      const services = { mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json' };
      await writeFile(join(bench.folder, 'services.json'), JSON.stringify(services));
      await writeFile(join(bench.folder, 'predicate.json'), '{"any":"thing"}');
      await bench.run(ours('generate-key-pair'));
    });
    after(async () => {
      await registry.stop();
      await bench.stop();
    });

    const settings = resolveSettings({ flags: {}, file: {} }, {}, import.meta.dirname);
    const ports = createPorts({ settings, home: import.meta.dirname, verbose: false, progress: () => undefined });
    const newImage = async (): Promise<{ readonly reference: string; readonly digest: string }> => {
      images += 1;
      const repository = `${host}/app${images}`;
      const { digest } = await pushImage(openRepository(ports, parseReference(repository)));
      return { reference: `${repository}@${digest}`, digest };
    };
    /** Found by both programs where they are told to look, and by neither where they are not. */
    const isFound = async (reference: string) => {
      for (const program of [cosign, ours]) {
        const [verify, attested] = [
          program('verify', ...signed, reference),
          program('verify-attestation', ...signed, '--type', 'custom', reference),
        ];
        for (const command of [verify, attested]) {
          await bench.run(command, { env });
          assert.notEqual((await bench.attempt(command)).code, 0, command.join(' '));
        }
      }
    };

    test('each finds what the other keeps in another repository', async () => {
      for (const [program, words] of [
        [cosign, ['--yes', ...signs]],
        [ours, ['--format', form]],
      ] as const) {
        const { reference } = await newImage();
        await bench.run(program('sign', ...words, '--key', 'cosign.key', reference), { env });
        await bench.run(program('attest', ...words, '--key', 'cosign.key', ...about, reference), { env });
        await isFound(reference);
      }
    });

    test('a signature that was written to files is attached by the other', async () => {
      for (const [signer, other, words] of [
        [cosign, ours, ['--yes', ...LEGACY_OF[variable]]],
        [ours, cosign, ['--format', 'legacy']],
      ] as const) {
        const { reference } = await newImage();
        const files = ['--upload=false', '--output-signature', 'sig', '--output-payload', 'payload'];
        await bench.run(signer('sign', ...words, '--key', 'cosign.key', ...files, reference));
        assert.notEqual((await bench.attempt(ours('verify', ...signed, reference))).code, 0);
        await bench.run(other('attach', 'signature', '--signature', 'sig', '--payload', 'payload', reference));
        for (const program of [cosign, ours]) await bench.run(program('verify', ...signed, reference));
      }
    });

    test('both say the same place, and copy from there', async () => {
      const { reference, digest } = await newImage();
      await bench.run(ours('sign', '--format', 'legacy', '--key', 'cosign.key', reference), { env });
      const [theirs, our] = [cosign, ours].map((program) => program('triangulate', reference));
      const place = async (command: readonly string[] = []) => (await bench.run(command, { env })).stdout.trim();
      assert.equal(await place(our), await place(theirs));
      await bench.run(cosign('copy', reference, `${host}/theirs:v1`), { env });
      await bench.run(ours('copy', reference, `${host}/ours:v1`), { env });
      for (const copy of ['theirs', 'ours']) await bench.run(ours('verify', ...signed, `${host}/${copy}@${digest}`));
    });
  });
}
