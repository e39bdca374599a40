/**
 * The same policies over the same images, by the tester of Sigstore's policy-controller and by ours: one verdict, or a reason in
 * docs/adr/0003 why ours is stricter. Everything is signed with real cosign into a registry of ours.
 */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createBench, makeLayout, missingPeers, peer, PLIMSOLL, type Bench, type Server } from './support.ts';

const tester = peer('PEER_POLICY_TESTER');
const cosign = peer('PEER_COSIGN2');
const ours = (...args: readonly string[]): readonly string[] => [PLIMSOLL, ...args];

const CUSTOM = 'https://cosign.sigstore.dev/attestation/v1';
const VULN = 'https://cosign.sigstore.dev/attestation/vuln/v1';
const IMAGES = ['unsigned', 'signed', 'stranger', 'attested', 'scanned', 'both'] as const;

type ImageName = (typeof IMAGES)[number];

interface PolicyCase {
  readonly name: string;
  readonly authorities: readonly object[];
  readonly policy?: object;
  readonly resource?: boolean;
  /** Those that may run; none of the others may. */
  readonly admitted: readonly ImageName[];
  /** Where the tester admits more, and the rule of docs/adr/0003 that says why we do not. */
  readonly stricter?: readonly ImageName[];
}

describe('policy-controller beside us', missingPeers('PEER_POLICY_TESTER', 'PEER_COSIGN2'), () => {
  let bench: Bench;
  let registry: Server;
  let address = '';
  const references = new Map<ImageName, string>();
  const keys = { team: '', other: '' };

  before(async () => {
    bench = await createBench();
    registry = await bench.serve(['registry', 'serve', '--address', '127.0.0.1:0', '--dir', 'registry']);
    address = new URL(registry.ready['url'] ?? '').host;
    for (const name of IMAGES) {
      const { digest } = await makeLayout(join(bench.folder, name), name);
      await bench.run(ours('push', name, `${address}/team/${name}:v1`));
      references.set(name, `${address}/team/${name}@${digest}`);
    }
    for (const name of ['team', 'other'] as const) {
      await bench.run(cosign('generate-key-pair', '--output-key-prefix', name));
      keys[name] = await readFile(join(bench.folder, `${name}.pub`), 'utf8');
    }
    const sign = (key: string, image: ImageName) =>
      bench.run(cosign('sign', '--key', `${key}.key`, '--tlog-upload=false', '-y', references.get(image) ?? ''));
    await sign('team', 'signed');
    await sign('team', 'both');
    await sign('other', 'both');
    await sign('other', 'stranger');
    const attest = async (image: ImageName, type: string, predicate: object, key = 'team') => {
      await writeFile(join(bench.folder, 'predicate.json'), JSON.stringify(predicate));
      const words = [
        '--key',
        `${key}.key`,
        '--tlog-upload=false',
        '-y',
        '--type',
        type,
        '--predicate',
        'predicate.json',
      ];
      await bench.run(cosign('attest', ...words, references.get(image) ?? ''));
    };
    const scan = (finished: string) => ({
      invocation: { parameters: [], uri: 'https://scan.test', event_id: '', 'builder.id': '' },
      scanner: { uri: 'https://scanner.test', version: '1', db: { uri: '', version: '' }, result: { critical: 0 } },
      metadata: { scanStartedOn: finished, scanFinishedOn: finished },
    });
    await attest('attested', 'custom', { level: 3, tags: ['a', 'b'] });
    await attest('scanned', 'vuln', scan('2022-04-01T00:00:00Z'));
    await attest('both', 'custom', { level: 1, tags: [] });
    await attest('both', 'vuln', scan('2021-01-01T00:00:00Z'));
  });

  after(async () => {
    await registry.stop();
    await bench.stop();
  });

  const team = (more: object = {}) => ({ name: 'team', key: { data: keys.team }, ...more });
  const other = () => ({ name: 'other', key: { data: keys.other } });
  const attested = (predicateType: string, policy?: object) =>
    team({ attestations: [{ name: 'rule', predicateType, ...(policy === undefined ? {} : { policy }) }] });
  const cue = (data: string) => ({ type: 'cue', data });
  const rego = (data: string) => ({ type: 'rego', data: `package sigstore\n${data}` });

  const cases = (): readonly PolicyCase[] => [
    { name: 'a key', authorities: [team()], admitted: ['signed', 'both'] },
    { name: 'either of two keys', authorities: [team(), other()], admitted: ['signed', 'both', 'stranger'] },
    { name: 'anybody', authorities: [{ static: { action: 'pass' } }], admitted: IMAGES },
    { name: 'nobody', authorities: [{ static: { action: 'fail', message: 'closed' } }], admitted: [] },
    { name: 'an attestation', authorities: [attested(CUSTOM)], admitted: ['attested', 'both'] },
    { name: 'another attestation', authorities: [attested('vuln')], admitted: ['scanned', 'both'] },
    {
      name: 'CUE over a statement',
      authorities: [attested(CUSTOM, cue(`predicateType: "${CUSTOM}"\npredicate: Data: =~"level"`))],
      admitted: ['attested', 'both'],
    },
    {
      name: 'CUE over times',
      authorities: [
        attested(
          VULN,
          cue(
            'import "time"\nbefore: time.Parse(time.RFC3339, "2022-04-15T17:10:27Z")\nafter: time.Parse(time.RFC3339, "2022-03-09T17:10:27Z")\n' +
              'predicate: metadata: { scanStartedOn: <before, scanStartedOn: >after, scanFinishedOn: <before, scanFinishedOn: >after }',
          ),
        ),
      ],
      admitted: ['scanned'],
    },
    {
      name: 'Rego over a statement',
      authorities: [
        attested(
          VULN,
          rego(
            'isCompliant { input.predicateType == "' +
              VULN +
              '"; startswith(input.predicate.metadata.scanFinishedOn, "2022-") }',
          ),
        ),
      ],
      admitted: ['scanned'],
    },
    {
      name: 'Rego with results',
      authorities: [
        attested(
          VULN,
          rego(
            'isCompliant[response] {\n  result := startswith(input.predicate.metadata.scanFinishedOn, "2022-")\n  errorMsg := "too old"\n  warnMsg := ""\n  response := {"result": result, "error": errorMsg, "warning": warnMsg}\n}',
          ),
        ),
      ],
      admitted: ['scanned'],
    },
    {
      name: 'CUE over both keys',
      authorities: [team(), other()],
      policy: cue(
        'import "list"\nauthorityMatches: {\n  team: signatures: list.MinItems(1)\n  other: signatures: list.MinItems(1)\n}',
      ),
      admitted: ['both'],
      // an authority that did not match is absent there, and any demand on it open
      stricter: ['signed', 'stranger'],
    },
    {
      name: 'Rego over both keys',
      authorities: [team(), other()],
      policy: rego(
        'isCompliant { count(input.authorityMatches.team.signatures) == 1; count(input.authorityMatches.other.signatures) == 1 }',
      ),
      admitted: ['both'],
    },
    {
      name: 'the object',
      authorities: [team()],
      policy: { ...cue('spec: serviceAccountName: "good"'), includeSpec: true },
      resource: true,
      admitted: ['signed', 'both'],
    },
    {
      name: 'another object',
      authorities: [team()],
      policy: { ...cue('metadata: name: "elsewhere"'), includeObjectMeta: true },
      resource: true,
      admitted: [],
    },
  ];

  test('the same images run', async (context) => {
    for (const one of cases()) {
      await context.test(one.name, async () => await compare(one));
    }
  });

  async function compare({
    authorities,
    policy,
    resource = false,
    admitted,
    stricter = [],
    name,
  }: PolicyCase): Promise<void> {
    const document = {
      apiVersion: 'policy.sigstore.dev/v1beta1',
      kind: 'ClusterImagePolicy',
      metadata: { name: 'policy' },
      spec: { images: [{ glob: `${address}/team/**` }], authorities, ...(policy === undefined ? {} : { policy }) },
    };
    await writeFile(join(bench.folder, 'policy.json'), JSON.stringify(document));
    const found = { theirs: [] as ImageName[], ours: [] as ImageName[] };
    for (const image of IMAGES) {
      const reference = references.get(image) ?? '';
      const spec = { serviceAccountName: 'good', containers: [{ name: 'c', image: reference }] };
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'pod' }, spec };
      await writeFile(join(bench.folder, 'pod.json'), JSON.stringify(pod));
      const words = resource ? ['-resource', 'pod.json'] : [];
      const theirs = await bench.attempt(
        tester('-policy', 'policy.json', '-image', reference, '-log-level', 'error', ...words),
      );
      if (theirs.code === 0) found.theirs.push(image);
      const mine = await bench.attempt(ours('admit', '-f', 'pod.json', '--policy', 'policy.json', '--insecure'));
      assert.ok(mine.code <= 1, mine.stderr);
      if (mine.code === 0) found.ours.push(image);
    }
    assert.deepEqual(found.ours, admitted.toSorted(byPlace), `${name}: ours`);
    assert.deepEqual(found.theirs, [...admitted, ...stricter].toSorted(byPlace), `${name}: policy-controller's`);
  }
});

function byPlace(a: ImageName, b: ImageName): number {
  return IMAGES.indexOf(a) - IMAGES.indexOf(b);
}
