/** Header blobs of rpm's own database format (`Packages.db`, rpm lib/backend/ndb/rpmpkg.c), as SUSE uses it. Not verified: checksums. */
import { AppError } from '../../../../../core/index.ts';

const SLOT_PAGE = 4096;
const SLOT = 16;
const BLOCK = 16;
const BLOB_HEADER = 16;

/** Throws `invalid-input`, and RangeError where a blob is cut off. */
export function* readNdbBlobs(content: Buffer): Generator<Buffer> {
  if (content.length < 32 || content.toString('latin1', 0, 4) !== 'RpmP') {
    throw damaged(`expected its magic number, found ${content.toString('hex', 0, 4) || 'nothing'}`);
  }
  if (content.readUInt32LE(4) !== 0) throw damaged(`expected version 0, found ${content.readUInt32LE(4)}`);
  const end = Math.min(content.readUInt32LE(12) * SLOT_PAGE, content.length);
  // a sound file holds each blob once
  let budget = content.length;
  for (let at = 32; at + SLOT <= end; at += SLOT) {
    if (content.toString('latin1', at, at + 4) !== 'Slot') throw damaged(`expected a slot at ${at}`);
    const index = content.readUInt32LE(at + 4);
    if (index === 0) continue;
    const start = content.readUInt32LE(at + 8) * BLOCK;
    if (content.toString('latin1', start, start + 4) !== 'BlbS' || content.readUInt32LE(start + 4) !== index) {
      throw damaged(`expected package ${index} at ${start}`);
    }
    const length = content.readUInt32LE(start + 12);
    budget -= length;
    if (budget < 0 || start + BLOB_HEADER + length > content.length) {
      throw damaged('expected packages that fit into the file');
    }
    yield content.subarray(start + BLOB_HEADER, start + BLOB_HEADER + length);
  }
}

function damaged(message: string): AppError {
  return new AppError('invalid-input', `rpm database Packages.db: ${message}`);
}
