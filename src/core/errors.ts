/** Why something could not be decided or done. A "no" is never an error: it is a Verdict. */
export type ErrorKind =
  | 'usage'
  | 'invalid-input'
  | 'not-found'
  | 'unauthorized'
  | 'unavailable'
  | 'untrusted-root'
  | 'internal';

const EXIT_CODES: Readonly<Record<ErrorKind, number>> = {
  usage: 2,
  'invalid-input': 3,
  'not-found': 4,
  unauthorized: 5,
  unavailable: 6,
  'untrusted-root': 7,
  internal: 70,
};

const HTTP_STATUSES: Readonly<Record<ErrorKind, number>> = {
  usage: 400,
  'invalid-input': 422,
  'not-found': 404,
  unauthorized: 403,
  unavailable: 503,
  'untrusted-root': 503,
  internal: 500,
};

/** Exit code of a completed command whose answer is "no": not verified, denied, findings at the threshold. */
export const EXIT_NEGATIVE = 1;

export interface AppErrorOptions {
  readonly cause?: unknown;
  /** Machine-readable facts: what was expected, what was found, where. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** One line that tells the reader what to try. */
  readonly hint?: string;
  /** Overrides the kind's exit code, for commands that stand in for cosign (10 to 13). */
  readonly exitCode?: number;
}

/** The only error class: an inability, with its kind. Messages are lower case, without a full stop. */
export class AppError extends Error {
  readonly kind: ErrorKind;
  readonly details: Readonly<Record<string, unknown>>;
  readonly hint: string | undefined;
  readonly exitCode: number;

  constructor(kind: ErrorKind, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.kind = kind;
    this.details = options.details ?? {};
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? EXIT_CODES[kind];
  }
}

export function httpStatusOf(kind: ErrorKind): number {
  return HTTP_STATUSES[kind];
}

/** Gives any thrown thing a kind: an AppError stays itself, an abort is `unavailable`, all else is a bug. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  if (thrown instanceof Error && (thrown.name === 'AbortError' || thrown.name === 'TimeoutError')) {
    return new AppError('unavailable', 'cancelled or out of time', { cause: thrown });
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new AppError('internal', message, { cause: thrown });
}
