/** Commands that print a JSON document byte for byte, or in a form for readers. */
import { parseShallowJson } from '../../core/index.ts';
import type { Context, Flags, FlagValues } from '../command.ts';

export const DOCUMENT_FLAGS = {
  output: {
    kind: 'string',
    short: 'o',
    value: 'FILE',
    description: 'write to a file; - or nothing is standard output',
  },
  pretty: { kind: 'boolean', description: 'indent it, which changes its digest' },
} as const satisfies Flags;

export async function writeDocument(
  { output, ports }: Context,
  flags: FlagValues<typeof DOCUMENT_FLAGS>,
  content: Uint8Array | object,
): Promise<void> {
  const written = flags.pretty ? prettyJson(content) : content instanceof Uint8Array ? content : lineOf(content);
  if (flags.output === undefined || flags.output === '-') output.raw(written);
  else await ports.files.writeAtomic(flags.output, written);
}

function lineOf(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

function prettyJson(content: Uint8Array | object): string {
  const value: unknown = content instanceof Uint8Array ? parseShallowJson(new TextDecoder().decode(content)) : content;
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
