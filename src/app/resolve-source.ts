/** What a user names as a source or a target: an image in a registry or on the disk, an archive, a folder, a file. */
import { firstBytes, openArchive } from '../artifacts/index.ts';
import { AppError, parseReference, type Ports, type Reference } from '../core/index.ts';

const SCHEMES = [
  'registry',
  'oci-dir',
  'oci',
  'oci-archive',
  'docker-archive',
  'blobs',
  'containerd',
  'dir',
  'file',
  'proc',
] as const;
type Scheme = (typeof SCHEMES)[number];

/** Where a SOURCE points to. */
export type SourceName =
  | { readonly scheme: 'registry'; readonly reference: Reference }
  | { readonly scheme: 'containerd'; readonly name: string }
  | { readonly scheme: 'proc'; readonly path: string; readonly pid: string }
  | {
      readonly scheme: Exclude<Scheme, 'registry' | 'oci' | 'containerd' | 'proc'>;
      readonly path: string;
      readonly target?: string;
    }
  | { readonly scheme: 'archive'; readonly path: string };

/**
 * SOURCE is `registry:REF`, `oci-dir:PATH[:TAG]` (`oci:` is the same), `oci-archive:PATH[:TAG]`, `docker-archive:PATH[:NAME:TAG]`,
 * `blobs:PATH@DIGEST`, `containerd:NAME`, `dir:PATH`, `file:PATH`, `proc:PID`, an existing path (its kind is found out), or a registry reference.
 * Throws `not-found`, `invalid-input`.
 */
export async function resolveSource(ports: Ports, source: string): Promise<SourceName> {
  const colon = source.indexOf(':');
  const scheme = SCHEMES.find((known) => known === source.slice(0, colon));
  const stat = await ports.files.stat(source);
  if (scheme !== undefined && stat === undefined) return await namedSource(ports, scheme, source.slice(colon + 1));
  if (stat?.kind === 'directory') {
    const pid = PROCESS_ROOT.exec(source)?.[1];
    if (pid !== undefined) return processSource(pid);
    const isLayout = (await ports.files.stat(`${source}/oci-layout`)) !== undefined;
    return { scheme: isLayout ? 'oci-dir' : 'dir', path: source };
  }
  if (stat !== undefined) return await detectFile(ports, source);
  if (isPath(source)) throw new AppError('not-found', `${source}: no such file or folder`);
  return { scheme: 'registry', reference: parseReference(source) };
}

/** Throws `not-found` where resolveSource would take the text for a reference in a registry. */
export async function requireOnDisk(ports: Ports, source: string): Promise<void> {
  const isNamed = SCHEMES.some((scheme) => scheme !== 'registry' && source.startsWith(`${scheme}:`));
  if (isNamed || (await ports.files.stat(source)) !== undefined) return;
  throw new AppError('not-found', `${source}: no such file or folder`);
}

/** What a running process sees as `/`. */
const PROCESS_ROOT = /^\/proc\/(\d+|self)\/root\/*$/;

function processSource(pid: string): SourceName {
  return { scheme: 'proc', pid, path: `/proc/${pid}/root` };
}

async function namedSource(ports: Ports, scheme: Scheme, rest: string): Promise<SourceName> {
  if (scheme === 'registry') return { scheme, reference: parseReference(rest) };
  if (scheme === 'containerd') return { scheme, name: rest };
  if (scheme === 'proc') {
    if (!/^[1-9]\d{0,9}$/.test(rest)) throw new AppError('usage', `proc:${rest}: expected the number of a process`);
    return processSource(rest);
  }
  const isPlain = scheme === 'dir' || scheme === 'file' || (await ports.files.stat(rest)) !== undefined;
  const { path, target } = isPlain ? { path: rest } : splitTarget(rest, scheme === 'docker-archive');
  if ((await ports.files.stat(path)) === undefined) throw new AppError('not-found', `${path}: no such file or folder`);
  const pid = scheme === 'dir' ? PROCESS_ROOT.exec(path)?.[1] : undefined;
  if (pid !== undefined) return processSource(pid);
  return { scheme: scheme === 'oci' ? 'oci-dir' : scheme, path, ...(target === undefined ? {} : { target }) };
}

/** `path:tag` or `path@digest`; of a docker archive `path:name:tag`. */
export function splitTarget(text: string, isNamed: boolean): { readonly path: string; readonly target?: string } {
  const name = isNamed
    ? String.raw`[^:@]+(?::\d+/[^:@]+)?:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}`
    : '[A-Za-z0-9_][A-Za-z0-9._-]{0,127}';
  const match = new RegExp(`^(.+?)(?:@(sha(?:256|512):[0-9a-f]+)|:(${name}))$`).exec(text);
  const target = match?.[2] ?? match?.[3];
  return target === undefined || match?.[1] === undefined ? { path: text } : { path: match[1], target };
}

/** Written so that it can only be meant as a path. */
export function isPath(text: string): boolean {
  return /^[./~]/.test(text);
}

/** Images in archives first; then a tar of files; then a single file. */
async function detectFile(ports: Ports, path: string): Promise<SourceName> {
  const head = await firstBytes(ports.files, path);
  const isTar = Buffer.from(head).toString('latin1', 257, 262) === 'ustar';
  const isCompressed = (head[0] === 0x1f && head[1] === 0x8b) || (head[0] === 0x28 && head[1] === 0xb5);
  if (!isTar && !(isCompressed && /\.(?:tar\.\w+|tgz|tzst)$/.test(path))) return { scheme: 'file', path };
  const archive = await openArchive(ports.files, path);
  if ((await archive.size('oci-layout')) !== undefined) return { scheme: 'oci-archive', path };
  if ((await archive.size('manifest.json')) !== undefined) return { scheme: 'docker-archive', path };
  return { scheme: 'archive', path };
}
