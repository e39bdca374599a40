/**
 * .NET programs in a single file (dotnet/designs, single-file bundler): the `*.deps.json` among what is bundled. Manifests of versions
 * 2 (.NET 5) and later say where it lies; in version 1 it is found by its kind.
 */
import { sectionOrWhole } from './sections.ts';

/** SHA-256 of ".net core bundle\n"; every host has it, and before it the offset of the manifest, which is 0 where nothing is bundled. */
const SIGNATURE = Buffer.from('8b1202b96a612038727b930214d7a03213f5b9e6efae3318ee3b2dce24b36aae', 'hex');
/** Those of the largest programs have about 2 MiB. */
const MAX_DEPS_BYTES = 8 * 1024 * 1024;
const MAX_FILES = 100_000;
const DEPS_JSON = 3;

/** The document's text. */
export function findBundledDeps(content: Buffer): string | undefined {
  const searched = sectionOrWhole(content, '.data');
  const found = searched?.indexOf(SIGNATURE) ?? -1;
  if (searched === undefined || found < 8) return undefined;
  const at = searched.byteOffset - content.byteOffset + found;
  try {
    const place = findDeps(content, Number(content.readBigInt64LE(at - 8)));
    if (place === undefined || place.size > MAX_DEPS_BYTES) return undefined;
    return content.toString('utf8', place.offset, place.offset + place.size);
  } catch (thrown) {
    // A host that lies about its manifest: reading past the end is all that can go wrong here.
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
}

interface Place {
  readonly offset: number;
  readonly size: number;
}

function findDeps(content: Buffer, manifest: number): Place | undefined {
  if (manifest <= 0) return undefined;
  const major = content.readUInt32LE(manifest);
  const count = Math.min(content.readInt32LE(manifest + 8), MAX_FILES);
  let at = skipText(content, manifest + 12);
  if (major >= 2) return placeAt(content, at);
  for (let index = 0; index < count; index++) {
    const place = placeAt(content, at);
    if (content.readUInt8(at + 16) === DEPS_JSON) return place;
    at = skipText(content, at + 17);
  }
  return undefined;
}

function placeAt(content: Buffer, at: number): Place {
  return { offset: Number(content.readBigInt64LE(at)), size: Number(content.readBigInt64LE(at + 8)) };
}

/** A length in groups of seven bits, then so many bytes. */
function skipText(content: Buffer, start: number): number {
  let [length, at] = [0, start];
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = content.readUInt8(at++);
    length += (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return at + length;
}
