/** How Rego code is refused or fails: an AppError of `invalid-input` whose details hold OPA's code and the place. */
import { AppError } from '../../../core/index.ts';

export interface Place {
  readonly file: string;
  /** Both from 1; columns count UTF-16 units. */
  readonly row: number;
  readonly col: number;
}

export type FaultCode =
  | 'rego_parse_error'
  | 'rego_compile_error'
  | 'rego_type_error'
  | 'rego_unsafe_var_error'
  | 'rego_recursion_error'
  | 'eval_conflict_error'
  | 'eval_builtin_error'
  | 'eval_type_error'
  | 'eval_with_merge_error'
  | 'eval_internal_error'
  | 'eval_limit_error';

export interface Fault {
  readonly code: FaultCode;
  readonly message: string;
  readonly at: Place | undefined;
}

export function formatPlace({ file, row, col }: Place): string {
  return `${file}:${row}:${col}`;
}

function formatFault({ code, message, at }: Fault): string {
  return `${at === undefined ? '' : `${formatPlace(at)}: `}${code}: ${message}`;
}

/** An error to throw: `details.faults` holds all of them, the first one is the message. */
export function faultError(faults: readonly [Fault, ...Fault[]]): AppError {
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  return new AppError('invalid-input', formatFault(faults[0]) + more, { details: { faults } });
}

export function fault(code: FaultCode, message: string, at: Place | undefined): AppError {
  return faultError([{ code, message, at }]);
}

/** The faults of an error made here, or undefined for any other. */
export function faultsOf(error: unknown): readonly [Fault, ...Fault[]] | undefined {
  if (!(error instanceof AppError) || !Array.isArray(error.details.faults)) return undefined;
  return error.details.faults as [Fault, ...Fault[]];
}
