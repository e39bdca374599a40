import type { Output } from './command.ts';

export interface Streams {
  write(text: Uint8Array | string): void;
  writeError(text: string): void;
  readonly isTerminal: boolean;
  readonly isErrorTerminal: boolean;
}

type Style = Parameters<Output['paint']>[0];

const CODES: Readonly<Record<Style, string>> = { good: '32', bad: '31', warn: '33', dim: '2', bold: '1' };

/** `noColor` follows the NO_COLOR convention: any value but the empty one. */
export function createOutput(streams: Streams, options: { readonly json: boolean; readonly noColor: boolean }): Output {
  const paints = streams.isTerminal && !options.noColor && !options.json;
  return {
    json: options.json,
    result(value, text) {
      if (options.json) streams.write(`${toJson(value)}\n`);
      else if (text !== '') streams.write(shown(text.endsWith('\n') ? text : `${text}\n`, streams.isTerminal));
    },
    raw: (content) => streams.write(content),
    note: (text) => streams.writeError(shown(`${text}\n`, streams.isErrorTerminal)),
    paint: (style, text) => (paints ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text),
  };
}

/** What may steer a terminal: line feed, tab, and our own colours. */
const OURS: ReadonlySet<string> = new Set([
  '\n',
  '\t',
  ...['0', ...Object.values(CODES)].map((code) => `\u001b[${code}m`),
]);

/** Names and annotations come from anybody: on a terminal they must not move the cursor, or turn the direction of writing. */
export function shown(text: string, isTerminal: boolean): string {
  if (!isTerminal) return text;
  return text.replaceAll(/\p{Cc}(?:\[\d+m)?|\p{Bidi_Control}/gu, (found) =>
    OURS.has(found) ? found : `\ufffd${found.slice(1)}`,
  );
}

function toJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, entry: unknown) => {
      if (entry instanceof Uint8Array) return Buffer.from(entry).toString('base64');
      return entry instanceof Map ? Object.fromEntries(entry) : entry;
    },
    2,
  );
}
