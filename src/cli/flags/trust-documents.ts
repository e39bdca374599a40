/** What commands say of trusted roots and signing configurations. */
import type { Inspection } from '../../app/trust-documents.ts';
import { EXIT_NEGATIVE } from '../../core/index.ts';
import type { Context, Flags } from '../command.ts';
import { materialValue } from './material.ts';

export const INSPECT_FLAGS = {
  within: {
    kind: 'number',
    value: 'DAYS',
    default: 30,
    description: 'what ends in that time with nothing in its place is a fault',
  },
  offline: { kind: 'boolean', description: 'use trust material as it was fetched, without asking its mirror' },
} as const satisfies Flags;

/** Gives the exit code: EXIT_NEGATIVE when something ends soon, or has. */
export function printInspection({ source, members, material }: Inspection, { output }: Context): number {
  const lines = members.map(({ kind, url, details, from, until, state, isDue }) => {
    const period = `${from.toISOString().slice(0, 10)} to ${until?.toISOString().slice(0, 10) ?? 'open'}`;
    const note = isDue ? ', ends soon with nothing in its place' : '';
    return `${state.padEnd(6)} ${kind.padEnd(21)} ${period}  ${url}  ${details}${note}`;
  });
  const expired = material?.expired ?? [];
  const roles = (material?.roles ?? []).map(
    ({ role, version, expires }) => `${role}: version ${version}, expires ${expires.toISOString()}`,
  );
  const value = { source, members, ...(material === undefined ? {} : { material: materialValue(material) }) };
  output.result(value, [source, ...lines, ...roles].join('\n'));
  return expired.length > 0 || members.some(({ isDue }) => isDue) ? EXIT_NEGATIVE : 0;
}

/** Writes a document that was made to a file, or to standard output. Gives the exit code. */
export async function writeDocument(
  text: string,
  path: string | undefined,
  { ports, output }: Context,
): Promise<number> {
  if (path === undefined) output.raw(text);
  else {
    await ports.files.writeAtomic(path, text);
    output.result({ file: path }, `written to ${path}`);
  }
  return 0;
}
