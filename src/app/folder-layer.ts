/** Folders as layers of an artifact: a compressed tar that oras, and we, unpack again. */
import { join } from 'node:path';
import { inflateBlob, openArchive, type TarFile } from '../artifacts/index.ts';
import { AppError, type Descriptor, type Ports } from '../core/index.ts';
import { writeWhole } from './write-whole.ts';

/** Marks a layer that is to be unpacked, as oras has it. */
export const UNPACK = 'io.deis.oras.content.unpack';
/** The digest of the tar before it was compressed. */
export const TAR_DIGEST = 'io.deis.oras.content.digest';
/** A few hundred kilobytes can unpack to more than any disk holds. */
const MAX_UNPACKED_BYTES = 64 * 1024 ** 3;
/** As many as an archive may have entries. */
const MAX_ENTRIES = 100_000;

/** What is in the folder, under its title; links stay links. */
export async function listFolder(ports: Ports, folder: string, title: string): Promise<readonly TarFile[]> {
  const found: TarFile[] = [];
  const todo = [{ path: folder, name: title }];
  for (let next = todo.shift(); next !== undefined; next = todo.shift()) {
    found.push({ path: next.name, size: 0, content: new Uint8Array(), isFolder: true });
    for (const entry of await ports.files.list(next.path)) {
      const [path, name] = [join(next.path, entry), `${next.name}/${entry}`];
      const stat = await ports.files.stat(path, { follow: false });
      if (stat?.kind === 'directory') todo.push({ path, name });
      else if (stat?.kind === 'symlink') {
        found.push({ path: name, size: 0, content: new Uint8Array(), linkTarget: await ports.files.readLink(path) });
      } else if (stat?.kind === 'file') {
        found.push({ path: name, size: stat.size, content: ports.files.stream(path), mode: stat.mode });
      } else throw new AppError('invalid-input', `${path}: expected files, folders and links, found none of them`);
    }
    if (found.length + todo.length > MAX_ENTRIES)
      throw new AppError('invalid-input', `${folder}: expected at most ${MAX_ENTRIES} files and folders, found more`);
  }
  return found;
}

export interface Unpacking {
  readonly blob: Descriptor;
  readonly content: AsyncIterable<Uint8Array>;
  /** Where the titled folder goes. */
  readonly output: string;
  readonly title: string;
}

/**
 * The paths that were written, all below the title. A link becomes a copy of what it points to in the same archive. Throws
 * `invalid-input` for other links and for what lies elsewhere, before anything is written.
 */
export async function unpackFolder(
  ports: Ports,
  { blob, content, output, title }: Unpacking,
): Promise<readonly string[]> {
  const temporary = join(ports.settings.cacheDir, `unpack-${Buffer.from(ports.random(8)).toString('hex')}.tar`);
  try {
    // its digest is verified at the end of this; until then it is nobody's
    await writeWhole(ports, temporary, unpacked(content, `blob ${blob.digest}`));
    const archive = await openArchive(ports.files, temporary);
    for (const { path } of archive.entries) {
      const isInside = path.startsWith(`${title}/`) && (await archive.size(path)) !== undefined;
      if (isInside) continue;
      throw new AppError(
        'invalid-input',
        `${title}: expected files below it and links to them, found ${JSON.stringify(path.slice(0, 200))}`,
        {
          hint: `plimsoll blob fetch gives ${blob.digest} as it is`,
        },
      );
    }
    const paths: string[] = [];
    await ports.files.makeFolder(join(output, title));
    for (const { path, mode } of archive.entries) {
      const place = join(output, path);
      // no set-user-id of strangers
      await writeWhole(ports, place, archive.stream(path), { mode: mode & 0o777 });
      paths.push(place);
    }
    return paths;
  } finally {
    await ports.files.remove(temporary);
  }
}

async function* unpacked(content: AsyncIterable<Uint8Array>, what: string): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const chunk of inflateBlob(content, what)) {
    total += chunk.length;
    if (total > MAX_UNPACKED_BYTES) {
      throw new AppError('invalid-input', `${what}: expected at most ${MAX_UNPACKED_BYTES} bytes unpacked, found more`);
    }
    yield chunk;
  }
}
