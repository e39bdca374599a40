/** The Rego interpreter beside OPA: generated programs must give the same documents, or fail with the same code. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { compileRego } from '../../src/policies/interpreters/index.ts';
import { BASE_DATA, program } from './rego-programs.ts';
import type { GeneratedProgram } from './rego-programs.ts';
import { missingPeers, peer, startPeer } from './support.ts';
import type { Host } from './support.ts';

/** Pairs of program and input; a few thousand take under a minute. */
const COUNT = Number(process.env['REGO_PROGRAMS'] ?? '4000');
const SEED = Number(process.env['REGO_SEED'] ?? '1');

async function startOpa(version: 'v0' | 'v1'): Promise<Host> {
  const flags = version === 'v0' ? ['--v0-compatible'] : [];
  const host = await startPeer(
    (address) => peer('PEER_OPA')('run', '--server', '--addr', address, '--log-level', 'error', ...flags),
    '/health',
  );
  await send(host.url, 'PUT', '/v1/data/d', JSON.stringify(BASE_DATA));
  return host;
}

interface Answer {
  readonly result?: unknown;
  readonly errors?: readonly { readonly code: string; readonly message: string }[];
}

async function send(url: string, method: string, path: string, body: string): Promise<Answer> {
  const response = await fetch(url + path, { method, body });
  const text = await response.text();
  return text === '' ? {} : (JSON.parse(text) as Answer);
}

/** A value as JSON text, or the codes of what is wrong. */
type Outcome = { readonly value: string } | { readonly codes: readonly string[]; readonly message: string };

async function askOpa({ url }: Host, name: string, { rules, input, isStrict }: GeneratedProgram): Promise<Outcome> {
  const loaded = await send(url, 'PUT', `/v1/policies/${name}`, `package ${name}\n${rules}\n`);
  const faults = loaded.errors ?? [];
  if (faults.length > 0) return failed(faults);
  const query = isStrict ? '?strict-builtin-errors=true' : '';
  const answer = await send(url, 'POST', `/v1/data/${name}${query}`, JSON.stringify({ input }));
  await send(url, 'DELETE', `/v1/policies/${name}`, '');
  return answer.errors === undefined ? { value: canonical(answer.result) } : failed(answer.errors);
}

function failed(errors: NonNullable<Answer['errors']>): Outcome {
  return { codes: errors.map(({ code }) => code), message: errors.map(({ message }) => message).join('; ') };
}

function askOurs(name: string, { version, rules, input, isStrict }: GeneratedProgram): Outcome {
  try {
    const policy = compileRego([{ file: 'policy.rego', text: `package ${name}\n${rules}\n` }], { version });
    const data = { d: BASE_DATA };
    const found = policy.evaluate(`data.${name}`, { input, data, now: new Date(0), strictBuiltinErrors: isStrict });
    if (found.kind === 'error') return { codes: [found.error.code], message: found.error.message };
    return { value: canonical(found.kind === 'value' ? found.value : undefined) };
  } catch (error) {
    const { faults } = (
      error as { readonly details: { readonly faults: readonly { code: string; message: string }[] } }
    ).details;
    return failed(faults);
  }
}

/** JSON text with the keys of objects in one order. */
function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : typeof inner === 'bigint'
          ? Number(inner)
          : inner,
    ) ?? 'undefined'
  );
}

/** OPA infers types and refuses what can never hold; here such a call fails when it is run. */
function isTypeInference(outcome: Outcome): boolean {
  return (
    'codes' in outcome &&
    outcome.codes.includes('rego_type_error') &&
    outcome.message.split('; ').some((message) => !/conflict|undefined function|has arity|default rules/.test(message))
  );
}

function isOfCall(code: string): boolean {
  return code === 'eval_type_error' || code === 'eval_builtin_error';
}

/**
 * Which failures are met depends on what is run at all: OPA leaves out rules that its index says cannot hold, and runs a rule on after its
 * first value where another rule of the name may have another one. So one side may have a value where the other has met a failing call
 * (in strict mode), and ours a conflict in a rule that OPA left out.
 */
function isOtherWay(ours: Outcome, theirs: Outcome, { isStrict }: GeneratedProgram): boolean {
  if ('codes' in ours && 'codes' in theirs)
    return ours.codes.every(isOfEvaluation) && theirs.codes.every(isOfEvaluation);
  const codes = 'codes' in ours ? ours.codes : 'codes' in theirs ? theirs.codes : [];
  if (isStrict && codes.length > 0 && codes.every(isOfCall)) return true;
  return 'codes' in ours && ours.codes.every((code) => code === 'eval_conflict_error');
}

function isOfEvaluation(code: string): boolean {
  return isOfCall(code) || code === 'eval_conflict_error';
}

/**
 * OPA lets a variable be used in the same expression as, and before, what binds it, and never finds it bound there; also sets beside
 * sets within them, which it cannot evaluate. Both are refused here, and so are members of what has none, also in inner comprehensions.
 */
function isStricter(ours: Outcome): boolean {
  return (
    'codes' in ours &&
    /^(?:expression is unsafe|conflicting rules data\.t\.r\d found|undefined ref: a value of .*)$/.test(ours.message)
  );
}

function isSame(ours: Outcome, theirs: Outcome): boolean {
  if ('value' in ours || 'value' in theirs) return 'value' in ours && 'value' in theirs && ours.value === theirs.value;
  // which of several failing calls is met first depends on OPA's index
  if (ours.codes.every(isOfCall) && theirs.codes.every(isOfCall)) return true;
  return ours.codes.some((code) => theirs.codes.includes(code));
}

describe('generated programs of Rego', missingPeers('PEER_OPA'), () => {
  test(`give what OPA gives, ${COUNT} times`, { timeout: 3_600_000 }, async (context) => {
    const programs = fc.sample(program, { numRuns: COUNT, seed: SEED });
    const counts = {
      values: 0,
      errors: 0,
      refusedByTypes: 0,
      refusedByBoth: 0,
      otherWay: 0,
      stricter: 0,
      crashedOpa: 0,
    };
    const different: string[] = [];
    const compare = async (version: 'v0' | 'v1') => {
      let host = await startOpa(version);
      try {
        for (const [i, generated] of programs.entries()) {
          if (generated.version !== version) continue;
          const theirs = await askOpa(host, 't', generated).catch(() => undefined);
          // its server dies of some programs, and now and then keeps the errors of the one before
          if (theirs === undefined || ('codes' in theirs && theirs.codes.includes('eval_internal_error'))) {
            counts.crashedOpa += 1;
            await host.stop();
            host = await startOpa(version);
            continue;
          }
          const ours = askOurs('t', generated);
          if (isTypeInference(theirs)) counts['value' in ours ? 'refusedByTypes' : 'refusedByBoth'] += 1;
          else if (isSame(ours, theirs)) counts['value' in theirs ? 'values' : 'errors'] += 1;
          else if (isOtherWay(ours, theirs, generated)) counts.otherWay += 1;
          else if (isStricter(ours)) counts.stricter += 1;
          else different.push(JSON.stringify({ i, ...generated, ours, theirs }));
        }
      } finally {
        await host.stop();
      }
    };
    await Promise.all([compare('v0'), compare('v1')]);
    context.diagnostic(JSON.stringify(counts));
    const apart = counts.otherWay + counts.stricter + counts.crashedOpa;
    assert.ok(counts.values > COUNT / 10 && apart < COUNT / 100, JSON.stringify(counts));
    assert.deepEqual(different.slice(0, 5), [], `${different.length} of ${COUNT} differ`);
  });
});
