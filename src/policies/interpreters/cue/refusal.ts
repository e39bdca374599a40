/** What the interpreter refuses to load or to go on with, always an AppError that names the policy and the place. */
import { AppError } from '../../../core/index.ts';

export interface Source {
  /** Names the policy in errors. */
  readonly name: string;
  readonly text: string;
}

/** Error at an offset of a source. */
export function refuse({ name, text }: Source, offset: number, message: string): AppError {
  return new AppError('invalid-input', `${name}:${formatPosition(text, offset)}: ${message}`);
}

/** Line and column, from 1. */
export function formatPosition(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `${before.length}:${(before.at(-1) ?? '').length + 1}`;
}
