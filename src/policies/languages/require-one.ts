import { AppError, isRecord } from '../../core/index.ts';

/** Throws `invalid-input` unless exactly one of the fields is there. */
export function requireOne(fields: unknown, names: readonly string[], where: string): void {
  const present = isRecord(fields) ? names.filter((name) => fields[name] !== undefined) : [];
  if (present.length === 1) return;
  const found = present.length === 0 ? 'none' : present.join(' and ');
  throw new AppError('invalid-input', `${where}: expected exactly one of ${names.join(', ')}, found ${found}`);
}
