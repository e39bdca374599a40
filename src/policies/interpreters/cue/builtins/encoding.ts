/** Packages `encoding/json` and `encoding/base64`, as far as documents within documents need them. */
import { AppError } from '../../../../core/index.ts';
import { readJson } from '../json.ts';
import { toBytes } from '../literals.ts';
import { boolOf, KIND } from '../values.ts';
import type { Value } from '../values.ts';
import { textAt } from './arguments.ts';
import { Builtin } from './builtin.ts';
import type { Result } from './builtin.ts';

const { any, bool, bytes, string } = KIND;
const NULL = KIND.null;

export const ENCODING: readonly Builtin[] = [
  new Builtin({
    name: 'encoding/json.Valid',
    params: [bytes | string],
    result: bool,
    call: (args) => {
      const value = unmarshal(args);
      return 'fault' in value ? value : boolOf(true);
    },
  }),
  new Builtin({ name: 'encoding/json.Unmarshal', params: [bytes | string], result: any, call: unmarshal }),
  new Builtin({
    name: 'encoding/base64.Encode',
    params: [NULL, bytes | string],
    result: string,
    call: (args) => ({ kind: 'string', value: Buffer.from(octetsAt(args, 1), 'latin1').toString('base64') }),
  }),
  new Builtin({
    name: 'encoding/base64.Decode',
    params: [NULL, bytes | string],
    result: bytes,
    call: (args) => {
      const text = octetsAt(args, 1).replaceAll(/[\r\n]/g, '');
      const isBase64 = text.length % 4 === 0 && /^[A-Za-z\d+/]*={0,2}$/.test(text);
      if (!isBase64) return { fault: 'expected base64' };
      return { kind: 'bytes', value: Buffer.from(text, 'base64').toString('latin1') };
    },
  }),
];

/** One character for each byte. */
function octetsAt(args: readonly Value[], index: number): string {
  return args[index]?.kind === 'string' ? toBytes(textAt(args, index)) : textAt(args, index);
}

function unmarshal(args: readonly Value[]): Result {
  try {
    return readJson('JSON text', Buffer.from(octetsAt(args, 0), 'latin1').toString('utf8'));
  } catch (error) {
    if (error instanceof AppError && error.kind === 'invalid-input') return { fault: error.message };
    throw error;
  }
}
