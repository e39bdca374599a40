/**
 * XML as documents of this field use it: elements, attributes, text. Well-formedness is checked (XML 1.0, namespaces 1.0); a document type
 * is refused, and with it every entity but the five that XML itself has.
 */
import { SaxesParser } from 'saxes';
import { AppError } from './errors.ts';

export interface XmlElement {
  /** Without prefix. */
  readonly name: string;
  /** Empty where there is none. */
  readonly namespace: string;
  /** By name, without declarations of namespaces and without attributes of other namespaces. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Attributes of other namespaces, by `{namespace}name`. */
  readonly foreign: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** All character data directly in it, as it stands. */
  readonly text: string;
  /** Of its start tag, from 1. */
  readonly line: number;
}

export interface XmlLimits {
  /** What the text is, for errors. */
  readonly what: string;
  /** Characters. */
  readonly maxLength: number;
}

/** Real documents nest below thirty levels; what walks the tree may recurse. */
const MAX_DEPTH = 200;

type Draft = { -readonly [K in keyof XmlElement]: XmlElement[K] } & { readonly children: XmlElement[] };

/** The root element. Throws `invalid-input` with line and column. */
export function parseXml(text: string, { what, maxLength }: XmlLimits): XmlElement {
  if (text.length > maxLength) {
    throw new AppError('invalid-input', `${what}: expected at most ${maxLength} characters, found ${text.length}`);
  }
  const parser = new SaxesParser({ xmlns: true, position: true });
  const open: Draft[] = [];
  let root: XmlElement | undefined;
  const refuse = (message: string) => {
    throw new AppError('invalid-input', `${what}:${parser.line}:${parser.columnIndex + 1}: ${message}`);
  };
  parser.on('error', (error) => refuse(`expected well-formed XML: ${error.message.replace(/^\d+:\d+: /, '')}`));
  parser.on('doctype', () => refuse('expected no document type'));
  parser.on('opentag', ({ local, uri, attributes }) => {
    if (open.length === MAX_DEPTH) refuse(`expected at most ${MAX_DEPTH} levels`);
    const all = Object.values(attributes);
    const element: Draft = {
      name: local,
      namespace: uri,
      attributes: Object.fromEntries(all.filter((one) => one.uri === '').map((one) => [one.local, one.value])),
      foreign: Object.fromEntries(all.filter(isForeign).map((one) => [`{${one.uri}}${one.local}`, one.value])),
      children: [],
      text: '',
      line: parser.line,
    };
    open.at(-1)?.children.push(element);
    open.push(element);
    root ??= element;
  });
  const addText = (piece: string) => {
    const element = open.at(-1);
    if (element !== undefined) element.text += piece;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => open.pop());
  parser.write(text).close();
  if (root === undefined) throw new AppError('invalid-input', `${what}: expected an XML document, found none`);
  return root;
}

/** Declarations of namespaces have a namespace of their own (namespaces 1.0, 3). */
function isForeign({ uri }: { readonly uri: string }): boolean {
  return uri !== '' && uri !== 'http://www.w3.org/2000/xmlns/';
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** For text and for attributes in double quotes. What XML cannot hold becomes U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .replaceAll(/\p{Cc}|\p{Cs}|[\ufffe\uffff]/gu, (sign) => (/[\t\n\r\x7f-\x9f]/.test(sign) ? sign : '\ufffd'))
    .replaceAll(/[&<>"]/g, (sign) => ENTITIES[sign] ?? '');
}
