/** Reads which commit a folder is at from git's own files, without git. Implements loose and packed refs and linked work trees. */
import { dirname, isAbsolute, join } from 'node:path';
import { AppError } from '../core/index.ts';
import type { Files } from '../core/index.ts';

/** packed-refs of the largest repositories are some ten megabytes. */
const MAX_REFS_BYTES = 64 * 1024 * 1024;
/** Symbolic refs that name symbolic refs; git itself stops at five. */
const MAX_HOPS = 5;

export interface GitHead {
  readonly commit: string;
  /** The branch's full name, when HEAD is on one. */
  readonly ref?: string;
  /** URL of the remote `origin`, without user and password. */
  readonly origin?: string;
}

/** Looks in the folder and those above it. Throws `not-found` outside work trees and before the first commit. */
export async function readGitHead(files: Files, folder: string): Promise<GitHead> {
  const gitFolder = await findGitFolder(files, await files.realPath(folder));
  if (gitFolder === undefined) throw new AppError('not-found', `${folder}: expected a git work tree, found none`);
  const common = await commonFolder(files, gitFolder);
  const { commit, ref } = await resolveHead(files, gitFolder, common);
  const origin = await readOrigin(files, common);
  return { commit, ...(ref === undefined ? {} : { ref }), ...(origin === undefined ? {} : { origin }) };
}

async function findGitFolder(files: Files, folder: string): Promise<string | undefined> {
  const path = join(folder, '.git');
  const stat = await files.stat(path);
  if (stat?.kind === 'directory') return path;
  if (stat?.kind === 'file') {
    const target = (await readText(files, path)).replace(/^gitdir: /, '').trim();
    return isAbsolute(target) ? target : join(folder, target);
  }
  const parent = dirname(folder);
  return parent === folder ? undefined : await findGitFolder(files, parent);
}

/** A linked work tree has its own HEAD and shares refs and configuration. */
async function commonFolder(files: Files, gitFolder: string): Promise<string> {
  const path = join(gitFolder, 'commondir');
  if ((await files.stat(path)) === undefined) return gitFolder;
  const target = (await readText(files, path)).trim();
  return isAbsolute(target) ? target : join(gitFolder, target);
}

async function resolveHead(
  files: Files,
  gitFolder: string,
  common: string,
): Promise<{ readonly commit: string; readonly ref?: string }> {
  let ref: string | undefined;
  let value = (await readText(files, join(gitFolder, 'HEAD'))).trim();
  for (let hop = 0; hop < MAX_HOPS; hop += 1) {
    if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(value)) return { commit: value, ...(ref === undefined ? {} : { ref }) };
    const named = /^ref: (refs\/[^\s]+)$/.exec(value)?.[1];
    if (named === undefined || named.includes('..')) break;
    ref = named;
    value = await readRef(files, common, named);
  }
  throw new AppError('invalid-input', `${gitFolder}/HEAD: expected a commit or a ref, found ${JSON.stringify(value)}`);
}

async function readRef(files: Files, common: string, ref: string): Promise<string> {
  const loose = join(common, ref);
  if ((await files.stat(loose)) !== undefined) return (await readText(files, loose)).trim();
  const packed = join(common, 'packed-refs');
  if ((await files.stat(packed)) !== undefined) {
    const lines = (await readText(files, packed)).split('\n');
    const line = lines.find((entry) => entry.endsWith(` ${ref}`));
    if (line !== undefined) return line.slice(0, line.indexOf(' '));
  }
  throw new AppError('not-found', `${ref}: the branch has no commit yet`);
}

async function readOrigin(files: Files, common: string): Promise<string | undefined> {
  const path = join(common, 'config');
  if ((await files.stat(path)) === undefined) return undefined;
  const section = /\[remote "origin"\]([^[]*)/.exec(await readText(files, path))?.[1] ?? '';
  const url = /^[ \t]*url[ \t]*=[ \t]*(\S+)[ \t\r]*$/m.exec(section)?.[1];
  // A token in the URL would be published with the provenance.
  return url?.replace(/^([a-z+]+:\/\/)[^@/]*@/, '$1');
}

async function readText(files: Files, path: string): Promise<string> {
  return new TextDecoder().decode(await files.read(path, MAX_REFS_BYTES));
}
