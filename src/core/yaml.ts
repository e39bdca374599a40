import { parseAllDocuments } from 'yaml';
import { isRecord, mismatch } from './decode.ts';
import { AppError } from './errors.ts';

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
