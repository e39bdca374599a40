import type { Context } from './command.ts';

/** Ceiling of a manifest: Helm output of a whole platform stays below it. */
const MAX_MANIFEST_BYTES = 32 * 1024 * 1024;

/** A file, or `-` for standard input. */
export async function readManifest(
  name: string,
  context: Context,
): Promise<{ readonly name: string; readonly text: string }> {
  const bytes =
    name === '-'
      ? await context.readInput(MAX_MANIFEST_BYTES)
      : await context.ports.files.read(name, MAX_MANIFEST_BYTES);
  return { name: name === '-' ? 'standard input' : name, text: new TextDecoder().decode(bytes) };
}
