/**
 * Canonical JSON as TUF signs it (OLPC form, TUF specification 4.2): members sorted by code unit, no white space, whole numbers only,
 * and of all characters only quote and backslash escaped.
 */
import { AppError, isRecord } from '../../core/index.ts';

/** Metadata nests seven levels; deeper is an attack on the stack. */
const MAX_DEPTH = 32;

/** Throws `invalid-input` for what the form cannot say: fractions, and nesting without end. */
export function canonicalJson(value: unknown, depth = 0): string {
  if (depth > MAX_DEPTH) throw new AppError('invalid-input', `metadata: expected at most ${MAX_DEPTH} levels`);
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'boolean' || value === null) return String(value);
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  if (Array.isArray(value)) return `[${value.map((entry) => canonicalJson(entry, depth + 1)).join(',')}]`;
  if (!isRecord(value))
    throw new AppError(
      'invalid-input',
      `metadata: expected whole numbers, found ${typeof value === 'number' ? value : typeof value}`,
    );
  const members = Object.keys(value)
    .toSorted()
    .map((key) => `${quote(key)}:${canonicalJson(value[key], depth + 1)}`);
  return `{${members.join(',')}}`;
}

function quote(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
