/** Tables of objects and the verdicts that they should get: policies are programs, and are tested as such. */
import { dirname, resolve } from 'node:path';
import { AppError, arrayOf, oneOf, optional, parseYamlDocuments, strictObject, string } from '../core/index.ts';
import type { Outcome, Ports } from '../core/index.ts';
import type { Policy } from '../policies/index.ts';
import { admit } from './admit.ts';
import type { Admission } from './admit.ts';
import { createEvidenceSource } from './gather-evidence.ts';
import type { EvidenceSource } from './gather-evidence.ts';
import { loadPolicies } from './load-policies.ts';
import { podOf, readManifestObjects } from './manifest-images.ts';
import type { RepositoryAccess } from './registry.ts';

const MAX_TABLE_BYTES = 4 * 1024 * 1024;
const MAX_CASES = 10_000;
const MAX_MANIFEST_BYTES = 32 * 1024 * 1024;
/** Milliseconds; images of many cases are fetched once. */
const REUSE_MS = 10 * 60 * 1000;
const OUTCOMES = oneOf('allow', 'warn', 'deny');

const decodeTable = strictObject({
  /** Files or folders, from where the table is. */
  policies: arrayOf(string),
  noMatch: optional(OUTCOMES),
  at: optional(string),
  cases: arrayOf(
    strictObject({
      name: string,
      image: optional(string),
      manifest: optional(string),
      namespace: optional(string),
      expect: OUTCOMES,
      /** Codes that must be among the reasons. */
      reasons: optional(arrayOf(string)),
    }),
    MAX_CASES,
  ),
});

type Table = ReturnType<typeof decodeTable>;

export interface CaseResult {
  readonly name: string;
  readonly expected: Outcome;
  readonly found: Outcome;
  /** Why it is not as expected; absent where it is. */
  readonly fault?: string;
  readonly milliseconds: number;
  readonly admissions: readonly Admission[];
}

/** Throws `invalid-input` for what is no table, and what loading the policies throws. */
export async function testPolicies(
  ports: Ports,
  input: { readonly path: string; readonly access: RepositoryAccess },
  signal: AbortSignal,
): Promise<readonly CaseResult[]> {
  const { path } = input;
  const text = new TextDecoder().decode(await ports.files.read(path, MAX_TABLE_BYTES));
  const [document, ...more] = parseYamlDocuments(text, path, 2);
  if (document === undefined || more.length > 0)
    throw new AppError('invalid-input', `${path}: expected one document with policies and cases`);
  const table = decodeTable(document.value, path);
  // a table that tries nothing would always pass
  if (table.cases.length === 0) throw new AppError('invalid-input', `${path}.cases: expected at least one, found none`);
  const near = (name: string) => resolve(dirname(path), name);
  const policies = await loadPolicies(ports, table.policies.map(near));
  const source = createEvidenceSource(ports, { ...input.access, reuseFor: REUSE_MS });
  const results: CaseResult[] = [];
  for (const one of table.cases) {
    const start = performance.now();
    const objects = await objectsOf(ports, one, `${path}: case ${one.name}`, near);
    const admissions = await judge(
      source,
      { table, one, policies, objects, at: timeOf(table, path) ?? ports.clock() },
      signal,
    );
    results.push({ ...compare(one, admissions), milliseconds: performance.now() - start, admissions });
  }
  return results;
}

type Case = Table['cases'][number];
type Json = Readonly<Record<string, unknown>>;

async function objectsOf(
  ports: Ports,
  { image, manifest }: Case,
  where: string,
  near: (name: string) => string,
): Promise<readonly Json[]> {
  if ((image === undefined) === (manifest === undefined))
    throw new AppError('invalid-input', `${where}: expected either image or manifest`);
  if (image !== undefined) return [podOf(image)];
  const path = near(manifest ?? '');
  const text = new TextDecoder().decode(await ports.files.read(path, MAX_MANIFEST_BYTES));
  return readManifestObjects(text, path);
}

interface Matter {
  readonly table: Table;
  readonly one: Case;
  readonly policies: readonly Policy[];
  readonly objects: readonly Json[];
  readonly at: Date;
}

async function judge(source: EvidenceSource, matter: Matter, signal: AbortSignal): Promise<readonly Admission[]> {
  const { table, one, policies, objects, at } = matter;
  const { namespace = 'default' } = one;
  const noMatch = table.noMatch ?? 'deny';
  return await Promise.all(
    objects.map((object) => admit(source, { object, namespace, policies, noMatch, at }, signal)),
  );
}

/** Of several objects the hardest verdict is the case's. */
function compare({ name, expect, reasons = [] }: Case, admissions: readonly Admission[]) {
  const outcomes = admissions.map(({ outcome }) => outcome);
  const found: Outcome = outcomes.includes('deny') ? 'deny' : outcomes.includes('warn') ? 'warn' : 'allow';
  const codes = new Set(
    admissions.flatMap((admission) => [
      ...admission.reasons.map(({ code }) => code),
      ...admission.images.flatMap(({ verdict }) => verdict.reasons.map(({ code }) => code)),
    ]),
  );
  const missing = reasons.filter((code) => !codes.has(code));
  const result = { name, expected: expect, found };
  if (admissions.length === 0) return { ...result, fault: 'the manifest holds no object' };
  if (found !== expect) return { ...result, fault: `expected ${expect}, found ${found}` };
  if (missing.length === 0) return result;
  return { ...result, fault: `expected the reasons ${missing.join(', ')}, found ${[...codes].join(', ') || 'none'}` };
}

function timeOf({ at }: Table, where: string): Date | undefined {
  if (at === undefined) return undefined;
  const time = new Date(at);
  if (!Number.isNaN(time.getTime())) return time;
  throw new AppError('invalid-input', `${where}.at: expected a time like 2026-01-31T12:00:00Z, found "${at}"`);
}
