/** `verify-attestation --policy` beside released cosign: CUE and Rego over one statement, with the same answers. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openRepository } from '../../src/app/registry.ts';
import { parseReference, resolveSettings } from '../../src/core/index.ts';
import { createPorts } from '../../src/io/index.ts';
import { pushImage } from '../../src/trust/images/testing.ts';
import { createBench, missingPeers, peer, PLIMSOLL, type Bench, type Server } from './support.ts';

const TYPE = 'https://example.com/scan/v1';

/** File name, text, and whether a statement with `{"critical": 0, "scanner": "grype"}` meets it. */
const POLICIES = [
  ['fits.cue', 'predicate: critical: 0\n', true],
  ['type.cue', `predicateType: "${TYPE}"\npredicate: {critical: <5, scanner: "grype" | "trivy"}\n`, true],
  ['other.cue', 'predicate: critical: >0\n', false],
  ['holds.rego', 'package signature\nallow { input.predicate.critical == 0 }\n', true],
  ['modern.rego', 'package signature\nimport rego.v1\nallow if input.predicate.scanner == "grype"\n', true],
  ['fails.rego', 'package signature\nallow { input.predicate.critical > 0 }\n', false],
  ['absent.rego', 'package signature\npermit { true }\n', false],
  ['text.rego', 'package signature\nallow = "yes" { true }\n', false],
] as const;

for (const variable of ['PEER_COSIGN3', 'PEER_COSIGN2'] as const) {
  describe(variable, missingPeers(variable), () => {
    const cosign = peer(variable);
    // Debian builds cosign 2 without it
    const knowsRego = variable === 'PEER_COSIGN3';
    let bench: Bench;
    let registry: Server;
    let image: string;

    before(async () => {
      bench = await createBench();
      registry = await bench.serve(['registry', 'serve', '--address', '127.0.0.1:0', '--dir', 'registry']);
      const home = import.meta.dirname;
      const settings = resolveSettings({ flags: {}, file: {} }, {}, home);
      const ports = createPorts({ settings, home, verbose: false, progress: () => undefined });
      const name = `${new URL(registry.ready['url'] ?? '').host}/app`;
      image = `${name}@${(await pushImage(openRepository(ports, parseReference(name)))).digest}`;
      await writeFile(join(bench.folder, 'scan.json'), '{"critical": 0, "scanner": "grype"}');
      for (const [file, text] of POLICIES) await writeFile(join(bench.folder, file), text);
      await bench.run([PLIMSOLL, 'generate-key-pair']);
      const words = ['--key', 'cosign.key', '--format', 'legacy', '--type', TYPE, '--predicate', 'scan.json'];
      await bench.run([PLIMSOLL, 'attest', ...words, image]);
    });
    after(async () => {
      await registry.stop();
      await bench.stop();
    });

    const isMet = async (program: readonly string[], policies: readonly string[]): Promise<boolean> => {
      const words = ['--key', 'cosign.pub', '--insecure-ignore-tlog', '--type', TYPE];
      const flags = policies.flatMap((file) => ['--policy', file]);
      return (await bench.attempt([...program, 'verify-attestation', ...words, ...flags, image])).code === 0;
    };

    test('each policy has one answer', async () => {
      const asked = POLICIES.filter(([file]) => knowsRego || file.endsWith('.cue'));
      const expected = asked.map(([file, , isGood]) => [file, isGood]);
      for (const program of [[PLIMSOLL], cosign()]) {
        const answers: [string, boolean][] = [];
        for (const [file] of asked) answers.push([file, await isMet(program, [file])]);
        assert.deepEqual(answers, expected);
      }
    });

    test('of several every one must be met', knowsRego ? {} : { skip: 'built without Rego' }, async () => {
      for (const program of [[PLIMSOLL], cosign()]) {
        assert.ok(await isMet(program, ['fits.cue', 'holds.rego']));
        assert.ok(!(await isMet(program, ['fits.cue', 'fails.rego'])));
        assert.ok(!(await isMet(program, ['other.cue', 'holds.rego'])));
      }
    });
  });
}
