/**
 * Rego policies that were compiled once, evaluated again and again, beside `opa bench` (PEER_OPA) over the same policy and input, in one run.
 * As there, the input is converted before.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileRego, RegoDocument } from '../src/policies/interpreters/index.ts';
import { formatTable, measure } from './measure.ts';
import type { Measured, Row } from './measure.ts';
import { SBOM, STATEMENT } from './policies.ts';

const STATEMENT_POLICY = `package sigstore

default isCompliant := false

isCompliant if {
  input.predicateType == "https://slsa.dev/provenance/v1"
  startswith(input.predicate.runDetails.builder.id, "https://github.com/actions/")
  some dependency in input.predicate.buildDefinition.resolvedDependencies
  dependency.uri == "git+https://github.com/example/app"
}
`;

const SBOM_POLICY = `package sigstore

allowed := {"MIT", "Apache-2.0", "BSD-3-Clause"}

denied contains name if {
  some component in input.predicate.components
  not component.license in allowed
  name := sprintf("%s@%s", [component.name, component.version])
}

old contains component.name if {
  some component in input.predicate.components
  startswith(component.purl, "pkg:npm/")
  to_number(split(component.version, ".")[0]) < 1
}

isCompliant if {
  count(denied) == 0
  count(old) < 100
  every component in input.predicate.components { component.name != "" }
}
`;

const QUERY = 'data.sigstore.isCompliant';
const opa = process.env.PEER_OPA;
const rows: Row[] = [];

if (opa === undefined) {
  process.stdout.write('rego: PEER_OPA is not set\n');
} else {
  await bench('1000 statements, a small policy', STATEMENT_POLICY, STATEMENT, 1000);
  await bench('10 SBOMs of 500 components, with loops', SBOM_POLICY, SBOM, 10);
  process.stdout.write(`${formatTable(rows)}\n`);
}

async function bench(operation: string, policy: string, document: unknown, times: number): Promise<void> {
  const program = compileRego([{ file: 'policy.rego', text: policy }], { version: 'v1' });
  const input = new RegoDocument(document);
  const now = new Date();
  const run = () => program.evaluate(QUERY, { input, now });
  const outcome = run();
  if (outcome.kind !== 'value' || outcome.value !== true) throw new Error(`${operation}: expected true`);
  const ours = await measure(() => {
    for (let i = 0; i < times; i += 1) run();
  });
  rows.push({ operation, ours, other: 'opa bench', theirs: benchOpa(policy, document, times) });
}

/** What `opa bench` measures for one evaluation, as often. */
function benchOpa(policy: string, document: unknown, times: number): Measured {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'));
  try {
    const [file, input] = [join(folder, 'policy.rego'), join(folder, 'input.json')];
    writeFileSync(file, policy);
    writeFileSync(input, JSON.stringify(document));
    const args = ['bench', '--format', 'json', '--benchmem=false', '--data', file, '--input', input, QUERY];
    const { status, stdout, stderr } = spawnSync(opa ?? '', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`opa bench: exit code ${status}\n${stderr}`);
    const { N: count, T: nanoseconds } = JSON.parse(stdout) as { readonly N: number; readonly T: number };
    return { median: (nanoseconds / count / 1e6) * times };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
