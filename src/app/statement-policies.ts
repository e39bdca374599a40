/**
 * Policies over verified statements, as cosign's `verify-attestation --policy` has them: CUE that a statement must fit, and Rego whose
 * rule `allow` of package signature must be true of it. Each sees the whole in-toto statement as it was signed.
 */
import { AppError, parseJson, type Ports } from '../core/index.ts';
import type { CueProgram, RegoModule, RegoProgram } from '../policies/interpreters/index.ts';

/** What of the policies is not met, as JSON bytes at a time; nothing when all are. */
export type JudgeStatement = (statement: Uint8Array, at: Date) => readonly string[];

const RULE = 'data.signature.allow';
const MAX_POLICY_BYTES = 4 * 1024 * 1024;
const MAX_STATEMENT_BYTES = 128 * 1024 * 1024;
/** Of one document: the first say what is wrong. */
const MAX_ERRORS = 5;

/** From files that end in `.cue` or `.rego`. Throws `usage` for others, `invalid-input` for what cannot be compiled. */
export async function openStatementPolicies(
  ports: Pick<Ports, 'files'>,
  paths: readonly string[],
): Promise<JudgeStatement> {
  if (paths.length === 0) return () => [];
  const other = paths.find((path) => !/\.(?:cue|rego)$/.test(path));
  if (other !== undefined) throw new AppError('usage', `--policy: expected a file .cue or .rego, found ${other}`);
  // whoever asks nothing of statements does not wait for interpreters
  const { compileCue, compileRego } = await import('../policies/interpreters/index.ts');
  const read = async (suffix: string) =>
    await Promise.all(
      paths
        .filter((path) => path.endsWith(suffix))
        .map(async (file) => ({
          file,
          text: new TextDecoder().decode(await ports.files.read(file, MAX_POLICY_BYTES)),
        })),
    );
  const cue = (await read('.cue')).map(({ file, text }) => judgeByCue(file, compileCue(file, text)));
  const modules = await read('.rego');
  const rego = modules.length === 0 ? [] : [judgeByRego(modules, compileRego(modules, { version: 'v0' }))];
  const judges = [...cue, ...rego];
  return (statement, at) => judges.flatMap((judge) => judge(statement, at));
}

function judgeByCue(file: string, program: CueProgram): JudgeStatement {
  return (statement) => {
    const outcome = program.check(new TextDecoder().decode(statement));
    if (outcome.kind === 'pass') return [];
    return outcome.errors
      .slice(0, MAX_ERRORS)
      .map(({ path, message }) => `${file}: ${path || 'statement'}: ${message}`);
  };
}

/** All modules make one program. */
function judgeByRego(modules: readonly RegoModule[], program: RegoProgram): JudgeStatement {
  const names = modules.map(({ file }) => file).join(', ');
  return (statement, now) => {
    const input = parseJson(statement, { what: 'statement', maxBytes: MAX_STATEMENT_BYTES });
    const outcome = program.evaluate(RULE, { input, now });
    if (outcome.kind === 'error') return [`${names}: ${outcome.error.code}: ${outcome.error.message}`];
    if (outcome.kind === 'value' && outcome.value === true) return [];
    return [`${names}: expected ${RULE} to be true, found ${found(outcome)}`];
  };
}

function found(outcome: { readonly kind: 'value'; readonly value: unknown } | { readonly kind: 'undefined' }): string {
  return outcome.kind === 'undefined' ? 'nothing' : JSON.stringify(outcome.value);
}
