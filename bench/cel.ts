/**
 * CEL expressions that were compiled once, evaluated again and again, beside the library of Kubernetes (PEER_CEL_JUDGE) over the same
 * expression and document, in one run. The library has the document converted before; ours looks at the JSON each time.
 */
import { spawnSync } from 'node:child_process';
import { planCel } from '../src/policies/interpreters/cel/cel.ts';
import { fromJson } from '../src/policies/interpreters/cel/values.ts';
import { formatTable, measure } from './measure.ts';
import type { Measured, Row } from './measure.ts';
import { SBOM, STATEMENT } from './policies.ts';

const STATEMENT_POLICY = `a.predicateType == "https://slsa.dev/provenance/v1" &&
  a.predicate.runDetails.builder.id.startsWith("https://github.com/actions/") &&
  a.predicate.buildDefinition.resolvedDependencies.exists(d, d.uri == "git+https://github.com/example/app")`;

const SBOM_POLICY = `a.predicate.components.all(c, c.name != "" && c.license in ["MIT", "Apache-2.0", "BSD-3-Clause"]) &&
  a.predicate.components.filter(c, c.purl.startsWith("pkg:npm/") && int(c.version.split(".")[0]) < 1).size() < 100`;

const judge = process.env['PEER_CEL_JUDGE'];
const rows: Row[] = [];
await bench('1000 statements, a small expression', STATEMENT_POLICY, STATEMENT, 1000);
await bench('10 SBOMs of 500 components, with loops', SBOM_POLICY, SBOM, 10);
if (rows.length > 0) process.stdout.write(`${formatTable(rows)}\n`);

async function bench(operation: string, expression: string, document: unknown, times: number): Promise<void> {
  const program = planCel({ where: operation, text: expression }, { variables: ['a'], container: '' });
  const run = () => program([fromJson(document)]);
  if (run() !== true) throw new Error(`${operation}: expected true`);
  const ours = await measure(() => {
    for (let i = 0; i < times; i += 1) run();
  });
  if (judge === undefined) process.stdout.write(`${operation}: ${ours.median.toFixed(2)} ms\n`);
  else
    rows.push({
      operation,
      ours,
      other: 'library of Kubernetes',
      theirs: measureLibrary(judge, expression, document, times),
    });
}

function measureLibrary(program: string, expression: string, document: unknown, times: number): Measured {
  const asked = `${JSON.stringify({ expression, input: JSON.stringify(document), times: times * 20 })}\n`;
  const { stdout } = spawnSync(program, { input: asked, encoding: 'utf8' });
  const { value, nanoseconds } = JSON.parse(stdout) as { readonly value?: string; readonly nanoseconds?: number };
  if (value !== 'bool true' || nanoseconds === undefined)
    throw new Error(`the library of Kubernetes answers ${stdout}`);
  return { median: (nanoseconds / 1e6) * times };
}
