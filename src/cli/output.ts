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
      else if (text !== '') streams.write(text.endsWith('\n') ? text : `${text}\n`);
    },
    raw: (content) => streams.write(content),
    note: (text) => streams.writeError(`${text}\n`),
    paint: (style, text) => (paints ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text),
  };
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
