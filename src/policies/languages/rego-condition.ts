import { AppError } from '../../core/index.ts';
import type { DataCondition } from '../policy.ts';

/** Throws `invalid-input`: not supported yet. */
export function compileRegoCondition(_text: string, where: string): DataCondition {
  throw new AppError('invalid-input', `${where}: rego is not supported yet`);
}
