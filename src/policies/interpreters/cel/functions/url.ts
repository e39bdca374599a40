/** Absolute URIs and absolute paths, in the texts that Go's `url.ParseRequestURI` takes. */

export interface ParsedUrl {
  readonly text: string;
  readonly scheme: string;
  readonly host: string;
  readonly hostname: string;
  readonly port: string;
  readonly escapedPath: string;
  readonly query: ReadonlyMap<string, readonly string[]>;
}

const USER = /^[\w\-.:~!$&'()*+,;=%@]*$/;
const PATH = /^[\w\-.~!$&'()*+,;=:@[\]/%]*$/;

/** Undefined for what is none. */
export function parseUrl(text: string): ParsedUrl | undefined {
  // oxlint-disable-next-line no-control-regex -- Go refuses them
  if (text === '' || /[\0-\x1f\x7f]/.test(text)) return undefined;
  const [, scheme = '', rest = ''] = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/s.exec(text) ?? ['', '', text];
  const [all = '', fragment = ''] = rest.split(/#(.*)/s);
  const [hierarchy = '', query = ''] = all.split(/\?(.*)/s);
  if (unescape(fragment) === undefined) return undefined;
  const parts = { text, scheme: scheme.toLowerCase(), query: parseQuery(query) };
  if (!hierarchy.startsWith('/'))
    return scheme === '' ? undefined : { ...parts, host: '', hostname: '', port: '', escapedPath: '' };
  const [, authority, path = ''] = /^\/\/([^/]*)(.*)$/s.exec(hierarchy) ?? ['', undefined, hierarchy];
  const isPath = authority === undefined || (scheme === '' && authority === '');
  const place = isPath ? NOWHERE : parseAuthority(authority);
  const escapedPath = escapePath(isPath ? hierarchy : path);
  return place === undefined || escapedPath === undefined ? undefined : { ...parts, ...place, escapedPath };
}

const NOWHERE = { host: '', hostname: '', port: '' };

function parseAuthority(text: string): typeof NOWHERE | undefined {
  const at = text.lastIndexOf('@');
  if (!USER.test(text.slice(0, Math.max(0, at))) || unescape(text.slice(0, Math.max(0, at))) === undefined)
    return undefined;
  const host = text.slice(at + 1);
  const [, name = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(host) ?? [];
  if (host !== '' && name === '' && port === undefined) return undefined;
  if (!/^(?:\[[^[\]<>"\s\\^`{}|]*\]|[^[\]/?#@\s<>\\^`{}|%]*)$/.test(name)) return undefined;
  return { host, hostname: name.replace(/^\[(.*)\]$/, '$1'), port: port ?? '' };
}

/** Undefined where a percent sign begins no octet. */
function unescape(text: string): string | undefined {
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return undefined;
  const bytes = Buffer.from(
    text.replace(/%([0-9a-fA-F]{2})|[^%]+/g, (all, hex: string | undefined) =>
      hex === undefined ? Buffer.from(all).toString('latin1') : String.fromCharCode(Number.parseInt(hex, 16)),
    ),
    'latin1',
  );
  return bytes.toString('utf8');
}

function escapePath(path: string): string | undefined {
  const plain = unescape(path);
  if (plain === undefined || PATH.test(path)) return plain === undefined ? undefined : path;
  return [...Buffer.from(plain)]
    .map((octet) => {
      const char = String.fromCharCode(octet);
      return /[\w\-.~$&+,/:;=@]/.test(char) ? char : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

function parseQuery(query: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const pair of query.split('&')) {
    if (pair === '' || pair.includes(';')) continue;
    const [key, value] = pair.split(/=(.*)/s).map((part) => unescape(part.replaceAll('+', ' ')));
    if (key === undefined || (value === undefined && pair.includes('='))) continue;
    found.set(key, [...(found.get(key) ?? []), value ?? '']);
  }
  return found;
}
