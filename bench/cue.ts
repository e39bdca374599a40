/**
 * CUE policies that were compiled once, each judging a document again and again, beside the library of CUE (PEER_CUE_JUDGE) with the same
 * policy and document, in one run. Both read the document from its JSON text each time.
 */
import { spawnSync } from 'node:child_process';
import { compileCue } from '../src/policies/interpreters/index.ts';
import { formatTable, measure } from './measure.ts';
import type { Row } from './measure.ts';

/** Judgements of the library in one round. */
const TIMES = 100;

const SCAN_POLICY = `import "time"
before: time.Parse(time.RFC3339, "2022-04-15T17:10:27Z")
after:  time.Parse(time.RFC3339, "2022-03-09T17:10:27Z")
predicateType: "https://cosign.sigstore.dev/attestation/vuln/v1"
predicate: {
	invocation: uri: "invocation.example.com/cosign-testing"
	scanner: uri: =~"^fakescanner\\\\.example\\\\.com/"
	metadata: {
		scanStartedOn: <before & >after
		scanFinishedOn: <before & >after
	}
}
`;

const SCAN = {
  _type: 'https://in-toto.io/Statement/v0.1',
  predicateType: 'https://cosign.sigstore.dev/attestation/vuln/v1',
  subject: [{ name: 'registry.example.com/app', digest: { sha256: 'a'.repeat(64) } }],
  predicate: {
    invocation: { parameters: null, uri: 'invocation.example.com/cosign-testing', event_id: '' },
    scanner: { uri: 'fakescanner.example.com/cosign-testing', version: '', db: { uri: '', version: '' }, result: null },
    metadata: { scanStartedOn: '2022-04-12T00:00:00Z', scanFinishedOn: '2022-04-12T00:10:00Z' },
  },
};

const SBOM_POLICY = `#Licence: "MIT" | "Apache-2.0" | "BSD-3-Clause"
#Component: {name: string, version: =~"^[0-9]+\\\\.", license: #Licence, purl?: string}
predicateType: "https://cyclonedx.org/bom"
predicate: components: [...#Component]
`;

const SBOM = {
  predicateType: 'https://cyclonedx.org/bom',
  predicate: {
    components: Array.from({ length: 100 }, (_, index) => ({
      name: `part-${index}`,
      version: `${index}.0.1`,
      license: index % 2 === 0 ? 'MIT' : 'Apache-2.0',
    })),
  },
};

const judge = process.env['PEER_CUE_JUDGE'];
const rows: Row[] = [];
for (const [operation, policy, document] of [
  ['a scan report with two dates', SCAN_POLICY, SCAN],
  ['100 components with licences', SBOM_POLICY, SBOM],
] as const) {
  const json = JSON.stringify(document);
  const program = compileCue('policy', policy);
  const ours = await measure(() => {
    if (program.check(json).kind !== 'pass') throw new Error(`${operation}: expected it to pass`);
  });
  if (judge === undefined) process.stdout.write(`${operation}: ${Math.round(1000 / ours.median)} a second\n`);
  else rows.push({ operation, ours, other: 'library of CUE', theirs: measureLibrary(judge, policy, json) });
}
if (rows.length > 0) process.stdout.write(`${formatTable(rows)}\n`);

function measureLibrary(program: string, policy: string, input: string): Row['theirs'] {
  const asked = `${JSON.stringify({ policy, input, times: TIMES })}\n`;
  const { stdout } = spawnSync(program, { input: asked, encoding: 'utf8' });
  const { kind, nanoseconds } = JSON.parse(stdout) as { kind: string; nanoseconds?: number };
  if (kind !== 'ok' || nanoseconds === undefined) throw new Error(`the library of CUE answers ${stdout}`);
  return { median: nanoseconds / 1e6 };
}
