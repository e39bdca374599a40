/**
 * deno.lock of versions 2 to 5: packages of npm and JSR, and modules by address, of which those with a version in their address are
 * packages. JSR serves npm clients too, so its packages are npm's of another registry; the same goes for deno.land.
 */
import { AppError, isRecord, parseJson } from '../../../../core/index.ts';
import { MAX_DATABASE_BYTES } from '../../cataloger.ts';
import { createFileCataloger } from '../../file-cataloger.ts';
import type { Reading } from '../../file-cataloger.ts';
import { addLocked } from '../../locked.ts';
import type { Locked } from '../../locked.ts';
import { recordOf } from '../../values.ts';
import { integrityHashes, splitAt, npmPurl } from './npm-package.ts';
import type { Raw } from '../../values.ts';

export const denoLock = createFileCataloger({
  id: 'deno-lock',
  evidence: 'lock',
  names: ['deno.lock'],
  isChosen: () => true,
  read,
});

function read({ content, file, finds }: Reading): void {
  const lock = parseJson(content, { what: file.path, maxBytes: MAX_DATABASE_BYTES });
  if (!isRecord(lock)) throw new AppError('invalid-input', `${file.path}: expected an object, found something else`);
  // version 3 has all below `packages`, version 2 npm's below `npm.packages`
  const top = isRecord(lock.packages) ? lock.packages : lock;
  const npm = recordOf(top.npm);
  const specifiers = recordOf(top.specifiers ?? npm.specifiers);
  const locked = new Map<string, Locked>();
  for (const [key, raw] of Object.entries(isRecord(npm.packages) ? npm.packages : npm)) {
    if (isRecord(raw)) addPackage(locked, { key, raw, prefix: 'npm:', specifiers });
  }
  for (const [key, raw] of Object.entries(recordOf(top.jsr))) {
    if (isRecord(raw)) addPackage(locked, { key, raw, prefix: 'jsr:', specifiers });
  }
  for (const address of Object.keys(recordOf(lock.remote))) {
    const module = readAddress(address);
    if (module !== undefined) locked.set(`${module.name}@${module.version}`, module);
  }
  addLocked(finds, file, { locked, identify: npmPurl });
}

interface Entry {
  readonly key: string;
  readonly raw: Raw;
  readonly prefix: 'npm:' | 'jsr:';
  readonly specifiers: Raw;
}

/** `name@1.0.0_peer@2.0.0`. */
function addPackage(locked: Map<string, Locked>, { key, raw, prefix, specifiers }: Entry): void {
  const found = splitAt(key);
  if (found === undefined) return;
  const wanted: readonly unknown[] = Array.isArray(raw.dependencies)
    ? raw.dependencies
    : Object.values(recordOf(raw.dependencies));
  locked.set(`${prefix}${key}`, {
    name: found.name,
    version: found.range.replace(/_.*$/, ''),
    hashes: prefix === 'npm:' ? integrityHashes(raw.integrity) : [],
    ...(prefix === 'jsr:' ? { qualifiers: { repository_url: 'https://jsr.io' } } : {}),
    needs: {
      runtime: wanted.filter((text) => typeof text === 'string').map((text) => keyOf(text, prefix, specifiers)),
    },
  });
}

/** `npm:chalk@^5` is resolved by the table; a name alone by the only version that it has there; else it is a key already. */
function keyOf(text: string, prefix: string, specifiers: Raw): string {
  const specifier = /^(?:npm|jsr):/.test(text) ? text : `${prefix}${text}`;
  const resolved = specifiers[specifier];
  if (typeof resolved !== 'string') return specifier;
  if (/^(?:npm|jsr):/.test(resolved)) return resolved;
  const name = splitAt(specifier.slice(4))?.name ?? specifier.slice(4);
  return /^\d/.test(resolved) ? `${specifier.slice(0, 4)}${name}@${resolved}` : `${specifier.slice(0, 4)}${resolved}`;
}

/** Servers that give packages of npm by their address. */
const NPM_SERVERS: ReadonlySet<string> = new Set(['esm.sh', 'unpkg.com', 'cdn.jsdelivr.net', 'cdn.skypack.dev']);

function readAddress(address: string): Locked | undefined {
  const match = /^https?:\/\/(?:[^/]*@)?([^/@]+)\/(?:x\/|npm\/|v\d+\/)?((?:@[^/@]+\/)?[^/@]+)@v?(\d[^/?]*)/.exec(
    address,
  );
  const [, host = '', name = '', version = ''] = match ?? [];
  if (match === null) return undefined;
  if (NPM_SERVERS.has(host)) return { name, version };
  return { name: `${host}/${name}`, version, qualifiers: { repository_url: `https://${host}` } };
}
