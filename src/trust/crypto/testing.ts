/** What the tests of readers share: hostile input, and how it must end. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { AppError } from '../../core/index.ts';

/** Raised by the nightly run. */
export const RUNS = Number(process.env['FUZZ_RUNS'] ?? 1500);

/** A value or invalid input, nothing else. */
export function endsWell(parse: () => unknown): void {
  try {
    parse();
  } catch (error) {
    assert.ok(error instanceof AppError && error.kind === 'invalid-input', String(error));
  }
}

function mutated(seed: Uint8Array): fc.Arbitrary<Uint8Array> {
  const edit = fc.record({ at: fc.nat(seed.length), cut: fc.nat(6), put: fc.uint8Array({ maxLength: 6 }) });
  return fc.array(edit, { minLength: 1, maxLength: 4 }).map((edits) => {
    let bytes: Uint8Array = seed;
    for (const { at, cut, put } of edits) {
      bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(Math.min(at + cut, bytes.length))]);
    }
    return bytes;
  });
}

/** Reads mutations of the seed and bytes by chance. */
export function fuzz(seed: Uint8Array, parse: (bytes: Uint8Array) => unknown): void {
  fc.assert(
    fc.property(fc.oneof(mutated(seed), fc.uint8Array({ maxLength: 200 })), (bytes) => endsWell(() => parse(bytes))),
    { numRuns: RUNS },
  );
}

/** The message with which this is refused as invalid input. */
export function refusal(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    assert.ok(error instanceof AppError && error.kind === 'invalid-input', String(error));
    return error.message;
  }
  throw new Error('accepted');
}

export { NOTE_KEY_TYPE, noteKeyId } from './note.ts';
export { oid } from './der-build.ts';
export { formatPublicKey } from './public-key.ts';
export {
  createCertificate,
  createDetachedSct,
  createTestKey,
  createTimestamp,
  extension,
  sha256,
} from './testing-certificates.ts';
export type {
  CertificateInput,
  TestCertificate,
  TestExtension,
  TestKey,
  TimestampInput,
} from './testing-certificates.ts';
