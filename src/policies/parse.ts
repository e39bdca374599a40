import { parseAllDocuments } from 'yaml';
import { AppError, digestOf, isRecord, mismatch } from '../core/index.ts';
import { policyLanguages } from './languages/index.ts';
import type { PolicyDocument } from './languages/index.ts';
import type { Policy } from './policy.ts';

/** Ceilings of a policy file and of the documents in it: operators write these by hand. */
const MAX_POLICY_BYTES = 1024 * 1024;
const MAX_DOCUMENTS = 200;

/**
 * Policies in one YAML or JSON file. Throws `invalid-input` for malformed YAML, a document that is no policy, and whatever the
 * policy's language refuses: a policy that is not understood must not be read past.
 */
export function parsePolicies(text: string, where: string): readonly Policy[] {
  if (Buffer.byteLength(text) > MAX_POLICY_BYTES) {
    throw new AppError(
      'invalid-input',
      `${where}: expected at most ${MAX_POLICY_BYTES} bytes, found ${Buffer.byteLength(text)}`,
    );
  }
  return parseYamlDocuments(text, where, MAX_DOCUMENTS).map(({ value, where: place }) =>
    compilePolicy({ value, where: place, version: digestOf(JSON.stringify(value)) }),
  );
}

/**
 * The objects in a YAML (or JSON) text as Kubernetes sees them, empty documents left out: `<<` merges, and what JSON cannot say is
 * refused, as are repeated keys and endless aliases.
 */
export function parseYamlDocuments(
  text: string,
  where: string,
  maxDocuments: number,
): readonly { readonly value: Readonly<Record<string, unknown>>; readonly where: string }[] {
  const documents = parseAllDocuments(text, { uniqueKeys: true, prettyErrors: true, merge: true });
  const list = Array.isArray(documents) ? documents : [];
  if (list.length > maxDocuments)
    throw new AppError('invalid-input', `${where}: expected at most ${maxDocuments} documents, found ${list.length}`);
  return list.flatMap((document, index) => {
    const place = list.length === 1 ? where : `${where}#${index + 1}`;
    const [error] = document.errors;
    if (error !== undefined) {
      throw new AppError('invalid-input', `${place}: expected YAML, ${error.message.split('\n')[0]}`, { cause: error });
    }
    const value: unknown = toValue(document, place);
    if (value === null || value === undefined) return [];
    if (!isRecord(value)) throw mismatch(place, 'an object', value);
    return [{ value, where: place }];
  });
}

function toValue(document: { toJS(options: { maxAliasCount: number }): unknown }, place: string): unknown {
  try {
    // A node that contains itself cannot be written as JSON.
    const value: unknown = JSON.parse(JSON.stringify(document.toJS({ maxAliasCount: 100 }) ?? null));
    return value;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : 'it cannot be resolved';
    throw new AppError('invalid-input', `${place}: expected YAML, ${reason}`, { cause });
  }
}

function compilePolicy(document: PolicyDocument): Policy {
  const language = policyLanguages.find((candidate) => candidate.accepts(document));
  if (language !== undefined) return language.compile(document);
  const { apiVersion, kind } = document.value;
  const known = policyLanguages.map(({ name }) => name).join(', ');
  throw new AppError(
    'invalid-input',
    `${document.where}: expected a policy (${known}), found ${String(apiVersion)} ${String(kind)}`,
  );
}
