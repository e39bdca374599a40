/**
 * Documents of the formats that lock files have, as plain values. What cannot be read is `invalid-input`. Libraries are loaded when
 * a document first needs them.
 */
import { createRequire } from 'node:module';
import { AppError } from '../../core/index.ts';
import { textOf } from './components.ts';

const require = createRequire(import.meta.url);

/** What one alias may repeat: lock files have none; without a ceiling ten lines make a billion values. */
const MAX_ALIASES = 100;

interface Yaml {
  readonly parseAllDocuments: (
    text: string,
    options: { readonly schema: 'failsafe'; readonly uniqueKeys: false },
  ) => readonly {
    readonly errors: readonly Error[];
    readonly toJS: (options: { readonly maxAliasCount: number }) => unknown;
  }[];
}

/** The first document; every scalar is text, so that a version 1.10 stays what it is. */
export function parseYaml(bytes: Uint8Array, what: string): unknown {
  try {
    const { parseAllDocuments } = require('yaml') as Yaml;
    const [document] = parseAllDocuments(textOf(bytes), { schema: 'failsafe', uniqueKeys: false });
    if (document?.errors[0] !== undefined) throw document.errors[0];
    return document?.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    throw new AppError('invalid-input', `${what}: expected YAML, ${reason}`, { cause });
  }
}
