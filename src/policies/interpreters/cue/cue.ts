/**
 * CUE, the language version v0.16 without its experiments, as the policy controller of Sigstore uses it: a policy is compiled, unified with a JSON
 * document and validated. Fields that stay open pass; so does what is incomplete, for instance a reference to a field that is not there.
 *
 * Not here, and refused by name when a policy is loaded: packages but those in builtins/, functions that those lack, `matchN`, `matchIf`, `error`, experiments
 * (`try`, `~` aliases, `...` behind an expression), meaningful file attributes (`@if`, `@embed`, ...), the operators div, mod, quo and rem between
 * their operands, aliases in front of dynamic labels.
 */
import { AppError } from '../../../core/index.ts';
import type { File } from './ast.ts';
import { makeEnv, NO_PROVENANCE, Vertex } from './vertex.ts';
import { enterStruct } from './closedness.ts';
import { findError, Machine } from './machine.ts';
import { readJson } from './json.ts';
import { parseFile } from './parser.ts';
import { formatPosition } from './refusal.ts';
import { resolveNames } from './resolve.ts';
import { listErrors } from './validate.ts';
import type { Bottom } from './values.ts';

/** Ceiling of a policy's text: far above any real one, and its parse stays quick. */
const MAX_POLICY_CHARS = 256 * 1024;

export interface CueError {
  /** Field in which it arose, empty for the whole. */
  readonly path: string;
  readonly message: string;
  /** Lines and columns of the policy that are involved, `3:14`. */
  readonly positions: readonly string[];
}

export type CueOutcome = { readonly kind: 'pass' } | { readonly kind: 'fail'; readonly errors: readonly CueError[] };

export interface CueProgram {
  /**
   * Judges a document, given as JSON text because CUE tells 1 from 1.0. Throws `invalid-input` for what is no JSON, or no JSON that CUE takes, and
   * where a ceiling is reached.
   */
  readonly check: (json: string) => CueOutcome;
}

/** Throws `invalid-input` for a policy that is malformed, that uses what is not supported, or that nothing can satisfy. */
export function compileCue(name: string, text: string): CueProgram {
  if (text.length > MAX_POLICY_CHARS) {
    const message = `${name}: expected at most ${MAX_POLICY_CHARS} characters of CUE, found ${text.length}`;
    throw new AppError('invalid-input', message);
  }
  const source = { name, text };
  const file = parseFile(source);
  resolveNames(source, file);
  const [fault] = evaluate(name, text, { file, document: undefined });
  if (fault !== undefined) {
    const { path, message, positions } = fault;
    const where = [name, positions[0], path].filter((part) => part !== undefined && part !== '').join(':');
    throw new AppError('invalid-input', `${where}: ${message}`);
  }
  return {
    check: (json) => {
      const errors = evaluate(name, text, { file, document: readJson(name, json) });
      return errors.length === 0 ? { kind: 'pass' } : { kind: 'fail', errors };
    },
  };
}

function evaluate(
  name: string,
  text: string,
  { file, document }: { readonly file: File; readonly document: Vertex | undefined },
): CueError[] {
  const machine = new Machine({ name, text });
  const root = new Vertex(undefined, '', false);
  const scope = new Vertex(undefined, '', false);
  scope.phase = 'final';
  const env = makeEnv(undefined, scope);
  // A policy and a document are closed apart from each other; a policy alone is a file.
  const from = document === undefined ? NO_PROVENANCE : enterStruct(root, NO_PROVENANCE);
  root.conjuncts.push({ expr: file.body, env, from });
  if (document !== undefined) {
    root.conjuncts.push({ value: document, pos: -1, from: enterStruct(root, NO_PROVENANCE) });
  }
  machine.finish(root);
  const errors = listErrors(root);
  // A policy that errs in a required field that is not there is refused, too, when it is compiled.
  const hidden = document === undefined ? findError(root) : undefined;
  return (errors.length === 0 && hidden !== undefined ? [hidden] : errors).map((error) => describe(text, error));
}

function describe(text: string, { path, message, positions }: Bottom): CueError {
  return { path, message, positions: positions.map((position) => formatPosition(text, position)) };
}
