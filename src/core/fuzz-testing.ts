/** Hostile inputs: whatever bytes come, a parser ends in a value or in invalid input. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isRecord } from './decode.ts';
import { AppError } from './errors.ts';

/** Raised by the nightly run. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 1500);

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

/** Reads mutations of the seed and bytes by chance; `share` of the runs of others where reading takes long. */
export function fuzz(seed: Uint8Array, parse: (bytes: Uint8Array) => unknown, share = 1): void {
  fc.assert(
    fc.property(fc.oneof(mutated(seed), fc.uint8Array({ maxLength: 200 })), (bytes) => endsWell(() => parse(bytes))),
    { numRuns: Math.ceil(RUNS * share) },
  );
}

const VALUES = fc.constantFrom<unknown>(
  null,
  true,
  -1,
  1e300,
  '',
  'x',
  [],
  {},
  [[]],
  [null],
  [{}],
  { rawBytes: 7 },
  JSON.parse('{"__proto__":{"x":1},"constructor":1}'),
  '9007199254740993',
  '\ud800\n\0',
);

/** Reads a document of JSON with a value of another kind at any place, as `fuzz` does. */
export function fuzzValues(seed: Uint8Array | string, parse: (text: string) => unknown, share = 1): void {
  const text = Buffer.from(seed).toString('utf8');
  fc.assert(
    fc.property(VALUES, fc.nat(), (value, choice) => {
      const document: unknown = JSON.parse(text);
      const places = placesOf(document);
      const place = places[choice % places.length];
      assert.ok(place !== undefined);
      place.holder[place.key] = value;
      endsWell(() => parse(JSON.stringify(document)));
    }),
    { numRuns: Math.ceil(RUNS * share) },
  );
}

interface Place {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

function placesOf(value: unknown): readonly Place[] {
  if (!isRecord(value) && !Array.isArray(value)) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...placesOf(holder[key])]);
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
