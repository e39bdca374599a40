import { gunzipSync } from 'node:zlib';
import { AppError } from '../../core/index.ts';
import { cleanPath, TarParser } from './tar.ts';

/** The regular files of a gzipped tar, by path. Throws `invalid-input` for damage, and for more than `maxBytes` unpacked. */
export function readTarGz(bytes: Uint8Array, what: string, maxBytes: number): ReadonlyMap<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const parser = new TarParser(what, ({ path, kind }) => {
    const name = cleanPath(path);
    if (kind !== 'file' || name === undefined) return undefined;
    const chunks: Uint8Array[] = [];
    return {
      write: (chunk) => void chunks.push(Uint8Array.from(chunk)),
      end: () => void files.set(name, Buffer.concat(chunks)),
    };
  });
  parser.push(gunzip(bytes, what, maxBytes));
  parser.finish();
  return files;
}

function gunzip(bytes: Uint8Array, what: string, maxBytes: number): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch (cause) {
    throw new AppError('invalid-input', `${what}: expected gzip of at most ${maxBytes} bytes, ${String(cause)}`, {
      cause,
    });
  }
}
