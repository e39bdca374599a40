/**
 * VEX documents of OpenVEX 0.2, alone or as the predicate of an in-toto statement.
 * Not implemented: CSAF, CycloneDX VEX, products named by CPE or hash.
 */
import { AppError, arrayOf, isRecord, object, oneOf, optional, record, string } from '../../core/index.ts';

const VEX_STATUSES = ['not_affected', 'affected', 'fixed', 'under_investigation'] as const;
export type VexStatus = (typeof VEX_STATUSES)[number];

export interface VexStatement {
  /** The vulnerability's name and its aliases as the author gives them. */
  readonly vulnerability: readonly string[];
  readonly products: readonly VexProduct[];
  readonly status: VexStatus;
  readonly justification?: string;
  /** Milliseconds; the newest statement about a product counts. */
  readonly time: number;
  /** Where the statement was read. */
  readonly source: string;
}

export interface VexProduct {
  /** Package URLs, image references, digests: any of them names the product. */
  readonly identifiers: readonly string[];
  /** Each a list of identifiers; empty when the product as a whole is meant. */
  readonly subcomponents: readonly (readonly string[])[];
}

const decodeIdentifiers = optional(object({ purl: optional(string) }));
const decodeComponent = object({ '@id': optional(string), identifiers: decodeIdentifiers });
const decodeProduct = (value: unknown, path: string) =>
  typeof value === 'string'
    ? { '@id': value, identifiers: undefined, subcomponents: undefined }
    : object({
        '@id': optional(string),
        identifiers: decodeIdentifiers,
        subcomponents: optional(arrayOf(decodeSubcomponent)),
      })(value, path);
const decodeSubcomponent = (value: unknown, path: string) =>
  typeof value === 'string' ? { '@id': value, identifiers: undefined } : decodeComponent(value, path);
const decodeVulnerability = (value: unknown, path: string) =>
  typeof value === 'string'
    ? { '@id': undefined, name: value, aliases: undefined }
    : object({ '@id': optional(string), name: optional(string), aliases: optional(arrayOf(string)) })(value, path);
const decodeStatement = object({
  vulnerability: decodeVulnerability,
  timestamp: optional(string),
  last_updated: optional(string),
  products: optional(arrayOf(decodeProduct)),
  status: oneOf(...VEX_STATUSES),
  justification: optional(string),
  impact_statement: optional(string),
});
const decodeDocument = object({
  '@context': string,
  timestamp: optional(string),
  last_updated: optional(string),
  statements: optional(arrayOf(decodeStatement)),
});
type RawStatement = ReturnType<typeof decodeStatement>;
type RawDocument = ReturnType<typeof decodeDocument>;

/** Throws `invalid-input` for another form, and for a not_affected that gives no reason. */
export function readVex(document: unknown, source: string): readonly VexStatement[] {
  const outer = record(document, source);
  const isStatement = typeof outer.predicateType === 'string' && isRecord(outer.predicate);
  const raw = decodeDocument(isStatement ? outer.predicate : outer, source);
  if (!raw['@context'].startsWith('https://openvex.dev/ns')) {
    throw new AppError(
      'invalid-input',
      `${source}: expected the context https://openvex.dev/ns, found "${raw['@context']}"`,
    );
  }
  const inherited = isStatement ? subjectsOf(outer.subject) : [];
  return (raw.statements ?? []).map((statement, index) => {
    requireReason(statement, `${source}.statements[${index}]`);
    return toStatement(statement, { raw, inherited, source });
  });
}

/** OpenVEX 0.2: a not_affected must say why, by justification or by impact statement. */
function requireReason(statement: RawStatement, path: string): void {
  if (statement.status !== 'not_affected' || statement.justification || statement.impact_statement) return;
  throw new AppError(
    'invalid-input',
    `${path}: expected a justification or an impact statement with not_affected, found neither`,
  );
}

interface Around {
  readonly raw: RawDocument;
  readonly inherited: readonly VexProduct[];
  readonly source: string;
}

function toStatement(statement: RawStatement, { raw, inherited, source }: Around): VexStatement {
  const { vulnerability } = statement;
  const names = [vulnerability.name, vulnerability['@id'], ...(vulnerability.aliases ?? [])];
  const products = (statement.products ?? []).map(toProduct);
  const time = statement.timestamp ?? statement.last_updated ?? raw.last_updated ?? raw.timestamp;
  return {
    vulnerability: names.flatMap((name) => (name === undefined ? [] : [name.split('/').at(-1) ?? name])),
    products: products.length > 0 ? products : inherited,
    status: statement.status,
    ...(statement.justification === undefined ? {} : { justification: statement.justification }),
    time: time === undefined ? 0 : Date.parse(time) || 0,
    source,
  };
}

function toProduct(raw: ReturnType<typeof decodeProduct>): VexProduct {
  return {
    identifiers: identifiersOf(raw),
    subcomponents: (raw.subcomponents ?? []).map(identifiersOf),
  };
}

function identifiersOf(raw: ReturnType<typeof decodeComponent>): readonly string[] {
  return [raw['@id'], raw.identifiers?.purl].flatMap((text) => (text === undefined || text === '' ? [] : [text]));
}

/** A statement without products is about the subject that was attested. */
function subjectsOf(subjects: unknown): readonly VexProduct[] {
  if (!Array.isArray(subjects)) return [];
  return subjects.flatMap((subject: unknown) => {
    const digest = isRecord(subject) && isRecord(subject.digest) ? subject.digest.sha256 : undefined;
    return typeof digest === 'string' ? [{ identifiers: [digest], subcomponents: [] }] : [];
  });
}
