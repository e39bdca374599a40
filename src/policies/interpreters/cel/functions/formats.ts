/** Named formats of Kubernetes, with its messages; `[]` where a text is of the format. */
import { parseUrl } from './url.ts';
import { parseTimestamp } from './time.ts';
import { Failure } from '../values.ts';

export type Format = (text: string) => readonly string[];

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const DNS1123_LABEL = `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${LABEL}')`;
const DNS1123_SUBDOMAIN = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${LABEL}(\\.${LABEL})*')`;
const DNS1035_LABEL =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const LABEL_VALUE = `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(${QUALIFIED})?')`;
const NAME_PART = `name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${QUALIFIED}')`;
const QUALIFIED_NAME =
  "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";

const dns1123Label = named(new RegExp(`^${LABEL}$`), 63, DNS1123_LABEL);
const dns1123Subdomain = named(new RegExp(`^${LABEL}(\\.${LABEL})*$`), 253, DNS1123_SUBDOMAIN);
const dns1035Label = named(/^[a-z]([-a-z0-9]*[a-z0-9])?$/, 63, DNS1035_LABEL);

export const FORMATS: ReadonlyMap<string, Format> = new Map<string, Format>([
  ['dns1123Label', dns1123Label],
  ['dns1123Subdomain', dns1123Subdomain],
  ['dns1035Label', dns1035Label],
  ['qualifiedName', qualifiedName],
  ['dns1123LabelPrefix', (text) => dns1123Label(masked(text))],
  ['dns1123SubdomainPrefix', (text) => dns1123Subdomain(masked(text))],
  ['dns1035LabelPrefix', (text) => dns1035Label(masked(text))],
  ['labelValue', named(new RegExp(`^(${QUALIFIED})?$`), 63, LABEL_VALUE)],
  ['uri', (text) => (parseUrl(text) === undefined ? [`parse ${JSON.stringify(text)}: invalid URI for request`] : [])],
  [
    'uuid',
    plain(/^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i, 'does not match the UUID format'),
  ],
  ['byte', plain(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/, 'invalid base64')],
  ['date', (text) => (isDate(text) ? [] : ['invalid date'])],
  ['datetime', (text) => (isDateTime(text) ? [] : ['invalid datetime'])],
]);

function plain(pattern: RegExp, message: string): Format {
  return (text) => (pattern.test(text) ? [] : [message]);
}

function named(pattern: RegExp, maxBytes: number, message: string): Format {
  return (text) => [
    ...(Buffer.byteLength(text) > maxBytes ? [`must be no more than ${maxBytes} bytes`] : []),
    ...(pattern.test(text) ? [] : [message]),
  ];
}

/** Behind the prefix of a name something follows: a dash at its end is none there. */
function masked(text: string): string {
  return text.length > 1 && text.endsWith('-') ? `${text.slice(0, -2)}a` : text;
}

function qualifiedName(text: string): readonly string[] {
  const parts = text.split('/');
  const name = parts.at(-1) ?? '';
  const [prefix] = parts;
  if (parts.length > 2) return [QUALIFIED_NAME];
  const faults =
    parts.length < 2 || prefix === undefined
      ? []
      : prefix === ''
        ? ['prefix part must be non-empty']
        : dns1123Subdomain(prefix).map((fault) => `prefix part ${fault}`);
  if (name === '') return [...faults, 'name part must be non-empty', NAME_PART];
  const isLong = Buffer.byteLength(name) > 63;
  return [
    ...faults,
    ...(isLong ? ['name part must be no more than 63 bytes'] : []),
    ...(new RegExp(`^${QUALIFIED}$`).test(name) ? [] : [NAME_PART]),
  ];
}

function isDate(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && !(parseTimestamp(`${text}T00:00:00Z`) instanceof Failure);
}

function isDateTime(text: string): boolean {
  const upper = text.toUpperCase().replace(/^(\d{4}-\d\d-\d\d) /, '$1T');
  return !(parseTimestamp(upper) instanceof Failure);
}
