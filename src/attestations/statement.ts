/**
 * Statements of the in-toto attestation framework: reads v1 and v0.1, writes both.
 * Subjects match by digest alone (sha256, sha512); names are never compared, since they are not what was built.
 */
import { AppError, arrayOf, decodeJson, object, optional, record, string } from '../core/index.ts';
import type { Digest } from '../core/index.ts';
import { MAX_ENVELOPE_BYTES } from './dsse.ts';
import { decodeDigestSet, isDigestInSet } from './resource-descriptor.ts';
import type { DigestSet } from './resource-descriptor.ts';

export const STATEMENT_V1 = 'https://in-toto.io/Statement/v1';
export const STATEMENT_V01 = 'https://in-toto.io/Statement/v0.1';
export type StatementType = typeof STATEMENT_V1 | typeof STATEMENT_V01;

/** Whole releases are attested in one statement; more subjects than this is an attack on the matcher. */
const MAX_SUBJECTS = 10_000;

export interface Subject {
  readonly name?: string | undefined;
  readonly uri?: string | undefined;
  readonly digest: DigestSet;
  readonly annotations?: Readonly<Record<string, unknown>> | undefined;
}

export interface Statement {
  readonly type: StatementType;
  readonly subjects: readonly Subject[];
  readonly predicateType: string;
  /** Undefined when the statement has none. */
  readonly predicate: unknown;
  /** The whole document, unknown fields too. */
  readonly value: Readonly<Record<string, unknown>>;
}

const subject = object({
  name: optional(string),
  uri: optional(string),
  digest: decodeDigestSet,
  annotations: optional(record),
});

const statement = object({
  _type: string,
  subject: arrayOf(subject, MAX_SUBJECTS),
  predicateType: string,
});

/** From the payload of an envelope. Throws `invalid-input` naming the path. */
export function parseStatement(payload: Uint8Array | string, what = 'statement'): Statement {
  return decodeJson(payload, decodeStatement, { what, maxBytes: MAX_ENVELOPE_BYTES });
}

export function decodeStatement(value: unknown, path: string): Statement {
  const source = statement(value, path);
  const type = statementType(source._type, path);
  if (source.predicateType === '')
    throw new AppError('invalid-input', `${path}.predicateType: expected a URI, found ""`);
  if (source.subject.length === 0) {
    throw new AppError('invalid-input', `${path}.subject: expected at least one subject, found none`);
  }
  for (const [index, entry] of source.subject.entries()) {
    if (Object.keys(entry.digest).length > 0) continue;
    throw new AppError('invalid-input', `${path}.subject[${index}].digest: expected at least one digest, found none`);
  }
  const whole = record(value, path);
  return {
    type,
    subjects: source.subject,
    predicateType: source.predicateType,
    predicate: Object.hasOwn(whole, 'predicate') ? whole['predicate'] : undefined,
    value: whole,
  };
}

function statementType(found: string, path: string): StatementType {
  if (found === STATEMENT_V1 || found === STATEMENT_V01) return found;
  throw new AppError('invalid-input', `${path}._type: expected ${STATEMENT_V1} or ${STATEMENT_V01}, found "${found}"`);
}

/** The first subject that is this artifact. */
export function findSubject(source: Statement, artifact: Digest): Subject | undefined {
  return source.subjects.find((entry) => isDigestInSet(entry.digest, artifact));
}

export interface StatementInput {
  readonly type?: StatementType;
  readonly subjects: readonly Subject[];
  readonly predicateType: string;
  readonly predicate: unknown;
}

/** The bytes to be signed; field order as others write it. */
export function encodeStatement(input: StatementInput): Uint8Array {
  const document = {
    _type: input.type ?? STATEMENT_V1,
    subject: input.subjects.map((entry) => ({
      ...(entry.name === undefined ? {} : { name: entry.name }),
      ...(entry.uri === undefined ? {} : { uri: entry.uri }),
      digest: entry.digest,
      ...(entry.annotations === undefined ? {} : { annotations: entry.annotations }),
    })),
    predicateType: input.predicateType,
    predicate: input.predicate,
  };
  return new TextEncoder().encode(JSON.stringify(document));
}

/** A digest as the one-entry set of a subject. */
export function digestSetOf(digest: Digest): DigestSet {
  const colon = digest.indexOf(':');
  return { [digest.slice(0, colon)]: digest.slice(colon + 1) };
}
