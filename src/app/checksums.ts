/** Manifests of checksums as `sha256sum` writes and reads them: one signature over many files. */
import { basename } from 'node:path';
import { AppError, createHasher, type Digest, type Ports } from '../core/index.ts';

export interface Checksum {
  /** As written. */
  readonly name: string;
  readonly digest: Digest;
}

/** Releases have hundreds of files. */
const MAX_ENTRIES = 100_000;
export const MAX_CHECKSUMS_BYTES = 64 * 1024 * 1024;

/** `HEX  NAME`, one a line, in the order given. Throws `invalid-input` for names that the form cannot hold. */
export async function createChecksums(ports: Pick<Ports, 'files'>, names: readonly string[]): Promise<string> {
  const lines: string[] = [];
  for (const name of names) {
    if (/[\n\r\\]/.test(name))
      throw new AppError('invalid-input', `${JSON.stringify(name)}: expected a name of one line`);
    lines.push(`${(await digestOfFile(ports, name)).slice('sha256:'.length)}  ${name}\n`);
  }
  return lines.join('');
}

/** Text and binary mode alike. Throws `invalid-input` naming the line. */
export function parseChecksums(text: string, what: string): readonly Checksum[] {
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  if (lines.length > MAX_ENTRIES)
    throw new AppError('invalid-input', `${what}: expected at most ${MAX_ENTRIES} lines, found ${lines.length}`);
  return lines.map((line, index) => {
    const [, hex, name] = /^([0-9a-fA-F]{64}) [ *](.+)$/.exec(line) ?? [];
    if (hex === undefined || name === undefined)
      throw new AppError('invalid-input', `${what}:${index + 1}: expected 64 hex digits, two spaces and a name`);
    return { name, digest: `sha256:${hex.toLowerCase()}` as Digest };
  });
}

export interface FileCheck {
  readonly file: string;
  readonly outcome: 'matches' | 'differs' | 'unlisted';
}

/**
 * Each file against its line: that of the same name, else the only one of the same base name. Two lines of one name and different digests
 * are an error: nobody could tell which one was meant.
 */
export async function compareChecksums(
  ports: Pick<Ports, 'files'>,
  checksums: readonly Checksum[],
  files: readonly string[],
): Promise<readonly FileCheck[]> {
  const checks: FileCheck[] = [];
  for (const file of files) {
    const exact = checksums.filter(({ name }) => name === file);
    const listed = exact.length > 0 ? exact : checksums.filter(({ name }) => basename(name) === basename(file));
    const [digest, ...others] = new Set(listed.map((entry) => entry.digest));
    if (others.length > 0)
      throw new AppError('invalid-input', `${file}: expected one line of this name, found ${listed.length}`);
    const isSame = digest !== undefined && digest === (await digestOfFile(ports, file));
    checks.push({ file, outcome: digest === undefined ? 'unlisted' : isSame ? 'matches' : 'differs' });
  }
  return checks;
}

async function digestOfFile({ files }: Pick<Ports, 'files'>, path: string): Promise<Digest> {
  const hasher = createHasher();
  for await (const chunk of files.stream(path)) hasher.update(chunk);
  return hasher.digest();
}
