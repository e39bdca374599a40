import { AppError, isRecord, runBounded } from '../../core/index.ts';
import { compileRego } from '../interpreters/index.ts';
import type { ConditionResult, DataCondition } from '../policy.ts';

const RULE = 'data.sigstore.isCompliant';

/**
 * A Rego module (v0, or v1 with `import rego.v1`) of package sigstore whose rule `isCompliant` must be true, or have entries
 * `{result, error, warning}` of which the first whose result is true warns of nothing. Throws `invalid-input` when it cannot be compiled.
 */
export function compileRegoCondition(text: string, where: string): DataCondition {
  // the rule of another package would never be looked at
  if (!/^[ \t]*package[ \t]+sigstore[ \t]*(?:#.*)?$/m.test(text))
    throw new AppError('invalid-input', `${where}: expected Rego of package sigstore`);
  const program = compileRego([{ file: where, text }], { version: 'v0' });
  return (data, at) => {
    const bounded = runBounded(() => program.evaluate(RULE, { input: data, now: at }));
    if (bounded.kind === 'failed') return { kind: 'error', message: bounded.message };
    const outcome = bounded.value;
    if (outcome.kind === 'error') return { kind: 'error', message: `${outcome.error.code}: ${outcome.error.message}` };
    return resultOf(outcome.kind === 'value' ? outcome.value : undefined);
  };
}

function resultOf(value: unknown): ConditionResult {
  if (value === true) return { kind: 'holds' };
  if (value === false || value === undefined) return { kind: 'fails', expected: `${RULE} to be true` };
  if (!Array.isArray(value))
    return { kind: 'error', message: `expected true, false or a list of results from ${RULE}` };
  const entries = value.filter(isRecord);
  const yes = entries.find(({ result }) => result === true);
  if (yes !== undefined && isEmpty(yes.warning)) return { kind: 'holds' };
  const said = entries.flatMap(({ error, warning }) => [error, warning].filter((text) => !isEmpty(text)).map(String));
  return { kind: 'fails', expected: said.length === 0 ? `${RULE} to have a result that is true` : said.join('; ') };
}

function isEmpty(text: unknown): boolean {
  return text === undefined || text === null || text === '';
}
