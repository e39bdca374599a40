/** The text form of protocol buffers, read without a schema: what a field means is up to whom reads it. */

export type TextField = string | Uint8Array | TextMessage;

export interface TextMessage {
  readonly fields: readonly (readonly [name: string, value: TextField])[];
}

const TOKEN =
  /(?:\s|#[^\n]*)+|("(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*')|(\[[\w./-]+\])|([\w.+-]+)|([{}:,;[\]])/gy;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b', f: '\f', v: '\v' };

interface Token {
  readonly kind: 'text' | 'word' | 'mark';
  readonly text: string;
}

/** Throws for what is no such text. */
export function parseTextProto(text: string): TextMessage {
  const tokens: Token[] = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [all, quoted, extension, word, mark] = match;
    end = match.index + all.length;
    if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted });
    else if (mark !== undefined) tokens.push({ kind: 'mark', text: mark });
    else if ((extension ?? word) !== undefined) tokens.push({ kind: 'word', text: extension ?? word ?? '' });
  }
  if (end !== text.length) throw new Error(`expected a text of protocol buffers, found ${text.slice(end, end + 20)}`);
  return readFields(tokens.values(), undefined);
}

function readFields(tokens: Iterator<Token>, close: string | undefined): TextMessage {
  const fields: (readonly [string, TextField])[] = [];
  let pending: Token | undefined;
  for (;;) {
    const name = pending ?? tokens.next().value;
    pending = undefined;
    if (name === undefined || name.text === close) return { fields };
    if (name.text === ',' || name.text === ';') continue;
    let value = tokens.next().value;
    if (value?.text === ':') value = tokens.next().value;
    if (value?.text === '[') {
      for (let item = tokens.next().value; item !== undefined && item.text !== ']'; item = tokens.next().value) {
        if (item.text === '{') fields.push([name.text, readFields(tokens, '}')]);
        else if (item.kind === 'word') fields.push([name.text, item.text]);
      }
      continue;
    }
    if (value?.text === '{') {
      fields.push([name.text, readFields(tokens, '}')]);
      continue;
    }
    if (value?.kind === 'word') fields.push([name.text, value.text]);
    if (value?.kind !== 'text') continue;
    const pieces = [value];
    for (pending = tokens.next().value; pending?.kind === 'text'; pending = tokens.next().value) pieces.push(pending);
    fields.push([name.text, Uint8Array.from(Buffer.concat(pieces.map(({ text }) => unquote(text))))]);
  }
}

function unquote(quoted: string): Buffer {
  const parts = quoted
    .slice(1, -1)
    .matchAll(/\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|([\s\S]))|[^\\]+/g);
  return Buffer.concat(
    [...parts].map(([all, hex, short, long, octal, simple]) => {
      if (hex !== undefined || octal !== undefined)
        return Buffer.of(Number.parseInt(hex ?? octal ?? '', hex === undefined ? 8 : 16));
      const wide = short ?? long;
      if (wide !== undefined) return Buffer.from(String.fromCodePoint(Number.parseInt(wide, 16)));
      return Buffer.from(simple === undefined ? all : (ESCAPES[simple] ?? simple));
    }),
  );
}

export function all(message: TextMessage, name: string): readonly TextMessage[] {
  return message.fields.flatMap(([field, value]) => (field === name && isMessage(value) ? [value] : []));
}

export function one(message: TextMessage, name: string): TextMessage | undefined {
  return all(message, name)[0];
}

/** Of a string, or of a word such as a number. */
export function text(message: TextMessage, name: string): string | undefined {
  const found = message.fields.find(([field]) => field === name)?.[1];
  if (found instanceof Uint8Array) return Buffer.from(found).toString('utf8');
  return typeof found === 'string' ? found : undefined;
}

function isMessage(value: TextField): value is TextMessage {
  return typeof value === 'object' && 'fields' in value;
}
