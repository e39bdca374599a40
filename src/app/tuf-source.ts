/** Repositories of The Update Framework by name: the URL of a mirror, `file://` or the path of a folder. */
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { AppError, type Ports } from '../core/index.ts';
import { exchange, refusal, type TufSource } from '../trust/index.ts';

export function openTufSource(ports: Pick<Ports, 'http' | 'files'>, mirror: string): TufSource {
  const source = /^https?:\/\//.test(mirror) ? mirrorSource(ports, mirror) : folderSource(ports, folderOf(mirror));
  return async (path, maxBytes, signal) => {
    // names in metadata are foreign; none may lead out of the repository
    if (path.split('/').some((part) => part === '' || part === '.' || part === '..'))
      throw new AppError('invalid-input', `${mirror}: expected a path inside the repository, found "${path}"`);
    return await source(path, maxBytes, signal);
  };
}

function mirrorSource(ports: Pick<Ports, 'http'>, mirror: string): TufSource {
  const base = mirror.replace(/\/+$/, '');
  return async (path, maxBytes, signal) => {
    const url = `${base}/${path.replaceAll(/[?#]/g, encodeURIComponent)}`;
    const answer = await exchange(ports.http, 'TUF repository', { url, maxBytes, signal });
    if (answer.status === 200) return answer.bytes;
    // object stores say 403 for what is not there
    if (answer.status === 404 || answer.status === 403) return undefined;
    throw refusal(answer, 'TUF repository', url);
  };
}

function folderSource(ports: Pick<Ports, 'files'>, folder: string): TufSource {
  return async (path, maxBytes) => {
    const places = path.startsWith('targets/') ? [path] : [path, `metadata/${path}`];
    for (const place of places) {
      const file = join(folder, place);
      if ((await ports.files.stat(file))?.kind === 'file') return await ports.files.read(file, maxBytes);
    }
    return undefined;
  };
}

function folderOf(mirror: string): string {
  if (!mirror.startsWith('file:')) return mirror;
  try {
    return fileURLToPath(mirror);
  } catch (cause) {
    throw new AppError('usage', `mirror: expected file:///PATH, found "${mirror}"`, { cause });
  }
}
