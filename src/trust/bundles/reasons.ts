import { AppError } from '../../core/index.ts';
import type { Reason } from '../../core/index.ts';

/** Steps of the client specification, in its order; the last is beyond it. */
export type Step = 'time' | 'certificate' | 'log' | 'signature' | 'artifact';

/** A reason with its step. */
export interface StepReason extends Reason {
  readonly step: Step;
}

/** Reasons as they are found, each once. */
export class Reasons {
  readonly #found = new Map<string, StepReason>();

  get list(): readonly StepReason[] {
    return [...this.#found.values()];
  }

  add(step: Step, code: string, facts: Omit<Reason, 'code' | 'step'>): void {
    const { message } = facts;
    this.#found.set(`${code}\n${message}`, { step, code, ...facts });
  }

  addAll(reasons: readonly StepReason[]): void {
    for (const { step, code, ...facts } of reasons) this.add(step, code, facts);
  }
}

/** The message of a malformed document; anything else is thrown on. */
export function messageOf(error: unknown): string {
  if (error instanceof AppError && error.kind === 'invalid-input') return error.message;
  throw error;
}
