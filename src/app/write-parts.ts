/** Parts of what was signed, as files of their own. */
import { AppError, type Ports } from '../core/index.ts';

/** Those for which a path is given; gives the paths. Throws `usage` for one that there is not. */
export async function writeParts(
  ports: Pick<Ports, 'files'>,
  parts: readonly (readonly [path: string | undefined, content: Uint8Array | string | undefined])[],
): Promise<readonly string[]> {
  const written: string[] = [];
  for (const [path, content] of parts) {
    if (path === undefined) continue;
    if (content === undefined)
      throw new AppError('usage', `${path}: expected a signature with a certificate or a timestamp, found one without`);
    await ports.files.writeAtomic(path, content);
    written.push(path);
  }
  return written;
}
