import type { Ports } from '../core/index.ts';

/** A stream is verified at its end, so the file gets its name only then; a file that was there stays until then. */
export async function writeWhole(
  ports: Pick<Ports, 'files' | 'random'>,
  path: string,
  content: AsyncIterable<Uint8Array>,
  options: { readonly mode?: number } = {},
): Promise<void> {
  // a device or a pipe takes what is written; a file in its place would break the machine
  if ((await ports.files.stat(path))?.kind === 'other')
    return await ports.files.append(path, content, { durable: false });
  const part = `${path}.${Buffer.from(ports.random(6)).toString('hex')}.part`;
  try {
    await ports.files.append(part, content, options);
    await ports.files.rename(part, path);
  } catch (error) {
    await ports.files.remove(part);
    throw error;
  }
}
