/** Encodings: base64, hex, URL queries, JSON, YAML. */
import { parseDocument, stringify } from 'yaml';
import { formatJson, formatJsonString, fromJson, parseJsonText, toJson } from '../json.ts';
import { fault } from '../fault.ts';
import { builtinError } from '../evaluate/vm.ts';
import type { Vm } from '../evaluate/vm.ts';
import { isArray, RegoObject, RegoSet } from '../value.ts';
import type { RegoValue } from '../value.ts';
import { attempt, elementError, objectAt, textAt, textsAt } from './operands.ts';
import type { Args, Builtins } from './operands.ts';

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Bytes of padded base64; line breaks do not count. */
export function decodeBase64(text: string): Buffer {
  const plain = text.replace(/[\r\n]/g, '');
  if (!BASE64.test(plain)) throw builtinError('illegal base64 data');
  return Buffer.from(plain, 'base64');
}

/** Bytes of base64 for URLs, padded or not. */
export function decodeBase64Url(text: string): Buffer {
  const plain = text.replace(/[\r\n]/g, '').replace(/={0,2}$/, '');
  if (!/^[A-Za-z0-9_-]*$/.test(plain) || plain.length % 4 === 1) throw builtinError('illegal base64 data');
  return Buffer.from(plain, 'base64url');
}

function encodeBase64Url(args: Args): RegoValue {
  return Buffer.from(textAt(args, 0)).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

function decodeHex(args: Args): RegoValue {
  const text = textAt(args, 0);
  if (text.length % 2 === 1 || !/^[0-9a-fA-F]*$/.test(text)) throw builtinError('encoding/hex: invalid byte');
  return Buffer.from(text, 'hex').toString();
}

/** Go's `url.QueryEscape`. */
function escapeQuery(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

function unescapeQuery(text: string): string {
  const plain = text.replaceAll('+', ' ');
  if (/%(?![0-9a-fA-F]{2})/.test(plain)) throw builtinError('invalid URL escape');
  const bytes = plain.replace(/(?:%[0-9a-fA-F]{2})+/g, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString());
  return bytes;
}

function encodeObject(args: Args): RegoValue {
  const pairs = objectAt(args, 0)
    .entries()
    .flatMap(([key, value]) => {
      if (typeof key !== 'string') throw elementError(0, args[0] as RegoValue, key, 'string');
      const values = isArray(value) || value instanceof RegoSet ? textsAt([value], 0) : [textAt([value], 0)];
      return values.map((text) => `${escapeQuery(key)}=${escapeQuery(text)}`);
    });
  return pairs.join('&');
}

function decodeObject(args: Args): RegoValue {
  const found = new Map<string, string[]>();
  for (const pair of textAt(args, 0).split('&')) {
    if (pair === '') continue;
    if (pair.includes(';')) throw builtinError('invalid semicolon separator in query');
    const cut = pair.indexOf('=');
    const key = unescapeQuery(cut < 0 ? pair : pair.slice(0, cut));
    const values = found.get(key) ?? [];
    values.push(cut < 0 ? '' : unescapeQuery(pair.slice(cut + 1)));
    found.set(key, values);
  }
  return RegoObject.of(found);
}

function unmarshalJson(args: Args): RegoValue {
  const text = textAt(args, 0);
  return attempt(() => parseJsonText(text));
}

function isJson([text]: Args): RegoValue {
  if (typeof text !== 'string') return false;
  try {
    parseJsonText(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** Go's `json.MarshalIndent`. */
function marshalWithOptions(args: Args): RegoValue {
  const [value] = args as [RegoValue];
  const options = objectAt(args, 1);
  const allowed = ['pretty', 'indent', 'prefix'];
  for (const [key, option] of options.entries()) {
    if (typeof key !== 'string' || !allowed.includes(key))
      throw fault('eval_type_error', `object contained unknown key ${formatJson(key)}`, undefined);
    if (typeof option !== (key === 'pretty' ? 'boolean' : 'string'))
      throw fault('eval_type_error', `key ${key} failed cast to ${key === 'pretty' ? 'bool' : 'string'}`, undefined);
  }
  const [indent, prefix] = [options.get('indent'), options.get('prefix')];
  const pretty = options.get('pretty') ?? (indent !== undefined || prefix !== undefined);
  if (pretty !== true) return formatJson(value);
  const start = typeof prefix === 'string' ? prefix : '';
  return start + formatPretty(value, typeof indent === 'string' ? indent : '\t', `\n${start}`);
}

function formatPretty(value: RegoValue, indent: string, newline: string): string {
  const inner = newline + indent;
  if (isArray(value) || value instanceof RegoSet) {
    const items = isArray(value) ? value : value.members();
    return items.length === 0
      ? '[]'
      : `[${inner}${items.map((item) => formatPretty(item, indent, inner)).join(`,${inner}`)}${newline}]`;
  }
  if (!(value instanceof RegoObject)) return formatJson(value);
  if (value.size === 0) return '{}';
  const entries = value.entries().map(([key, entry]) => {
    const name = typeof key === 'string' ? key : formatJson(key);
    return `${formatJsonString(name)}: ${formatPretty(entry, indent, inner)}`;
  });
  return `{${inner}${entries.join(`,${inner}`)}${newline}}`;
}

/** As in Kubernetes: YAML 1.1, without repeated keys. */
function parseYaml(text: string): RegoValue {
  const document = parseDocument(text, { version: '1.1', intAsBigInt: true, uniqueKeys: true });
  const [error] = document.errors;
  if (error !== undefined) throw builtinError(`yaml: ${error.message}`);
  return attempt(() => fromJson(document.toJS() ?? null));
}

function isYaml([text]: Args): RegoValue {
  if (typeof text !== 'string') return false;
  return parseDocument(text, { version: '1.1' }).errors.length === 0;
}

function marshalYaml([value]: Args, vm: Vm): RegoValue {
  const text = stringify(toJson(value as RegoValue), { version: '1.1', indentSeq: false, lineWidth: 0 });
  vm.checkSize(text.length);
  return text;
}

function isBase64([text]: Args): RegoValue {
  return typeof text === 'string' && BASE64.test(text.replace(/[\r\n]/g, ''));
}

export const ENCODING: Builtins = {
  'base64.encode': (args) => Buffer.from(textAt(args, 0)).toString('base64'),
  'base64.decode': (args) => decodeBase64(textAt(args, 0)).toString(),
  'base64.is_valid': isBase64,
  'base64url.encode': encodeBase64Url,
  'base64url.encode_no_pad': (args) => Buffer.from(textAt(args, 0)).toString('base64url'),
  'base64url.decode': (args) => decodeBase64Url(textAt(args, 0)).toString(),
  'hex.encode': (args) => Buffer.from(textAt(args, 0)).toString('hex'),
  'hex.decode': decodeHex,
  'urlquery.encode': (args) => escapeQuery(textAt(args, 0)),
  'urlquery.decode': (args) => unescapeQuery(textAt(args, 0)),
  'urlquery.encode_object': encodeObject,
  'urlquery.decode_object': decodeObject,
  'json.marshal': ([value]) => formatJson(value as RegoValue),
  'json.marshal_with_options': marshalWithOptions,
  'json.unmarshal': unmarshalJson,
  'json.is_valid': isJson,
  'yaml.marshal': marshalYaml,
  'yaml.unmarshal': (args) => parseYaml(textAt(args, 0)),
  'yaml.is_valid': isYaml,
};
