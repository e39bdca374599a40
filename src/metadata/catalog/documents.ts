/**
 * Documents of the formats that lock files have, as plain values. What cannot be read is `invalid-input`. Libraries are loaded when
 * a document first needs them.
 */
import { createRequire } from 'node:module';
import { AppError, parseJson, parseYamlTexts } from '../../core/index.ts';
import { textOf } from './components.ts';

const require = createRequire(import.meta.url);

/** The first document of a stream; every scalar is text, so that a version 1.10 stays what it is. */
export function parseYaml(bytes: Uint8Array, what: string): unknown {
  return parseYamlTexts(textOf(bytes), what)[0];
}

/** JSON with comments and trailing commas. */
export function parseJsonc(bytes: Uint8Array, what: string): unknown {
  // each pattern takes what it begins in one go, closed or not, so that time grows with the length alone
  const bare = textOf(bytes).replaceAll(
    /("(?:[^"\\]|\\.)*"?)|\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g,
    (_, literal: string | undefined) => literal ?? ' ',
  );
  const json = bare.replaceAll(
    /("(?:[^"\\]|\\.)*"?)|,(?=\s*[\]}])/g,
    (_, literal: string | undefined) => literal ?? '',
  );
  return parseJson(json, { what, maxBytes: Infinity });
}

/** TOML 1.0 as a table without a prototype. */
export function parseToml(bytes: Uint8Array, what: string): Readonly<Record<string, unknown>> {
  const { parse } = require('smol-toml') as { readonly parse: (text: string) => Readonly<Record<string, unknown>> };
  try {
    return parse(textOf(bytes));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    throw new AppError('invalid-input', `${what}: expected TOML, ${reason}`, { cause });
  }
}
