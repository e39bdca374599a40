/** Whether a document is one: by the official schema of its version, and by what the specifications demand in words. */
import { Ajv } from 'ajv';
import type { ErrorObject, FuncKeywordDefinition, ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { AppError, isRecord } from '../../core/index.ts';
import { sortKeys } from './identity.ts';
import { findFaults } from './rules.ts';

export interface SbomFault {
  /** Path in the document, as in JSON; in XML the line. */
  readonly where: string;
  readonly message: string;
  /** `schema`, or the rule that is broken. */
  readonly rule: string;
}

/** What is read to judge a document: the file's name. */
export type LoadSchema = (name: string) => Promise<unknown>;

/** Reported of one document. */
const MAX_FAULTS = 100;

const SPDX_SCHEMAS: ReadonlyMap<unknown, string> = new Map([
  ['SPDX-2.2', 'spdx-2.2.2.schema.json'],
  ['SPDX-2.3', 'spdx-2.3.schema.json'],
]);
const CYCLONEDX_VERSIONS: ReadonlySet<unknown> = new Set(['1.4', '1.5', '1.6', '1.7']);
const CYCLONEDX_PARTS = ['spdx.schema.json', 'jsf-0.82.schema.json', 'cryptography-defs.schema.json'];

export interface Validity {
  /** `SPDX 2.3`, `CycloneDX 1.6`. */
  readonly format: string;
  /** Empty when it is valid. */
  readonly faults: readonly SbomFault[];
}

/**
 * Judges documents in the shape of their JSON, each schema read once. The function throws `invalid-input` for a version without a schema
 * here.
 */
export function createValidator(load: LoadSchema): (document: unknown) => Promise<Validity> {
  const validators = new Map<string, Promise<ValidateFunction>>();
  return async (document) => {
    const { format, schema, parts } = kindOf(document);
    const compiling = validators.get(schema) ?? compile(schema, parts, load);
    validators.set(schema, compiling);
    const validate = await compiling;
    const faults = validate(document) ? [] : (validate.errors ?? []).map(faultOf);
    return { format, faults: [...faults, ...findFaults(document)].slice(0, MAX_FAULTS) };
  };
}

/** As the standard has it, in the time of one pass: the validator's own compares each item with each. */
const UNIQUE_ITEMS: FuncKeywordDefinition = {
  keyword: 'uniqueItems',
  type: 'array',
  schemaType: 'boolean',
  error: { message: 'must NOT have duplicate items' },
  validate: (wanted: boolean, items: readonly unknown[]) =>
    !wanted || new Set(items.map((item) => JSON.stringify(item, sortKeys))).size === items.length,
};

async function compile(schema: string, parts: readonly string[], load: LoadSchema): Promise<ValidateFunction> {
  const options = { strict: false, allErrors: true, formats: { 'iri-reference': true, 'idn-email': isEmail } } as const;
  const ajv = schema.startsWith('spdx-3') ? new Ajv2020(options) : new Ajv(options);
  addFormats.default(ajv);
  ajv.removeKeyword('uniqueItems');
  ajv.addKeyword(UNIQUE_ITEMS);
  for (const part of parts) ajv.addSchema(asSchema(await load(part)), `http://cyclonedx.org/schema/${part}`);
  return ajv.compile(asSchema(await load(schema)));
}

/** RFC 6531 in outline: something on both sides of the last @, no white space. */
function isEmail(text: string): boolean {
  return /^[^\s@](?:[^@]*[^\s@])?@[^\s@]+$/u.test(text);
}

function kindOf(document: unknown): {
  readonly format: string;
  readonly schema: string;
  readonly parts: readonly string[];
} {
  if (isRecord(document)) {
    const { specVersion, spdxVersion, '@context': context } = document;
    if ('specVersion' in document || 'bomFormat' in document) {
      if (CYCLONEDX_VERSIONS.has(specVersion)) {
        return {
          format: `CycloneDX ${String(specVersion)}`,
          schema: `bom-${String(specVersion)}.schema.json`,
          parts: CYCLONEDX_PARTS,
        };
      }
      const expected = [...CYCLONEDX_VERSIONS].join(', ');
      throw new AppError(
        'invalid-input',
        `specVersion: expected one of ${expected}, found ${JSON.stringify(specVersion)}`,
      );
    }
    const schema = SPDX_SCHEMAS.get(spdxVersion);
    if (schema !== undefined) return { format: String(spdxVersion).replace('-', ' '), schema, parts: [] };
    if (/spdx\.org\/rdf\/3\.0/.test(String(context)))
      return { format: 'SPDX 3.0', schema: 'spdx-3.0.1.schema.json', parts: [] };
    if (spdxVersion !== undefined) {
      throw new AppError(
        'invalid-input',
        `spdxVersion: expected SPDX-2.2 or SPDX-2.3, found ${JSON.stringify(spdxVersion)}`,
      );
    }
  }
  throw new AppError(
    'invalid-input',
    'expected a document of SPDX 2.2, 2.3 or 3.0 or CycloneDX 1.4 to 1.7, found neither',
  );
}

function asSchema(value: unknown): object {
  if (isRecord(value)) return value;
  throw new AppError('internal', 'a schema that comes with the program is no object');
}

function faultOf({ instancePath, message = 'is not valid', params }: ErrorObject): SbomFault {
  const where =
    instancePath === ''
      ? 'document'
      : instancePath
          .slice(1)
          .replaceAll(/\/(\d+)(?=\/|$)/g, '[$1]')
          .replaceAll('/', '.');
  const { allowedValues, additionalProperty } = params as { allowedValues?: unknown; additionalProperty?: unknown };
  const named = Array.isArray(allowedValues) ? allowedValues.slice(0, 12).join(', ') : additionalProperty;
  const detail = typeof named === 'string' ? `: ${named}` : '';
  return { where, message: `${message}${detail}`, rule: 'schema' };
}
