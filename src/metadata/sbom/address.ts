/** Addresses of pages and repositories as they may be told to everybody: without who may read them. */

/** Longer ones carry something else. */
const MAX_LENGTH = 2048;
/** RFC 3986: schemes under which pages and repositories are found, then all characters that may stand in a URI. */
const ADDRESS = /^(?:https?|ftp|git|ssh|svn(?:\+ssh)?|rsync):\/\/[\w:/?#[\]@!$&'()*+,;=.~%-]+$/i;
/** `git@host:path`, as git and ssh write it. */
const SSH_PLACE = /^(?:([\w.-]+)@)?([\w-]+(?:\.[\w-]+)+):(?![/\d])([^\s:]+)$/;
const SSH_MIXED = /^(ssh:\/\/[\w.-]+@[\w.-]+):(?![/\d])(?!.*@)/i;

const SECRET = /token|secret|pass|pwd|key|sig|auth|credential|jwt/i;
/** Behind `#` stand hashes, too, in which any letters may follow each other. */
const SECRET_NAME = /[#&][^=&]{0,40}(?:token|secret|pass|pwd|key|sig|auth|credential|jwt)[^=&]{0,40}=(?=[^=])/i;

/** Of a page to read; undefined for what is none. */
export function pageAddress(text: unknown): string | undefined {
  const address = withoutUser(text);
  if (address === undefined || !/^(?:https?|ftp):/i.test(address)) return undefined;
  return withoutKeys(address);
}

/** Of a repository of source code, without the commit and the kind that package managers write around it; undefined for what is none. */
export function repositoryAddress(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined;
  const plain = text.trim().replace(/^(?:git|hg|svn|bzr)\+(?=[a-z]+:)/i, '');
  const [, user = 'git', host, path] = SSH_PLACE.exec(plain) ?? [];
  // yarn puts ssh:// before what git writes without
  const address = host === undefined ? plain.replace(SSH_MIXED, '$1/') : `ssh://${user}@${host}/${path}`;
  return withoutUser(address)?.replace(/[?#].*$/s, '');
}

/** The name of a user alone is a token, but for ssh, which asks for a key. */
function withoutUser(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > MAX_LENGTH) return undefined;
  const address = text.trim();
  if (!ADDRESS.test(address) || /%(?![\da-f]{2})/i.test(address) || !URL.canParse(address)) return undefined;
  return dropUser(address);
}

function dropUser(address: string): string {
  return address.replace(/^([^:]+):\/\/([^/?#]*)@/, (_, scheme: string, user: string) =>
    /ssh$/i.test(scheme) ? `${scheme}://${user.split(':', 1)[0]}@` : `${scheme}://`,
  );
}

/** What looks like a key to it is cut off. */
function withoutKeys(address: string): string {
  const [, place = '', query = '', hash = ''] = /^([^?#]*)(\?[^#]*)?(.*)$/s.exec(address) ?? [];
  return `${place}${SECRET.test(query) ? '' : query}${SECRET_NAME.test(hash) ? '' : hash}`;
}

/** Any text that a lock file has as a place; undefined for an address in which it cannot be told where the password ends. */
export function tellablePlace(given: string): string | undefined {
  const text = given.trim();
  // clients take addresses with fewer slashes for whole ones
  if (/^(?:https?:(?!\/\/)|\/\/|\w+::)/i.test(text)) return undefined;
  if (!/^[\w+.-]+:\/\//.test(text)) return text;
  if (!URL.canParse(text) || text.includes('\\')) return undefined;
  return withoutKeys(dropUser(text));
}

/** Who may read what is there, in the addresses of a message. A password may hold what ends the host's name, but is no port; no host is as long as a token cut short. */
const USERS =
  /(:\/\/)(?:[^\s/?#"']*@|[^\s/?#"'@]{60,}|[^\s/?#"':@[]*:(?!\d*(?:[\s/?#"':,;)]|$))(?:[^\s"']*@|[^\s"']*))/g;
const KEYS =
  /([?&#][^\s=&#"']{0,40}(?:token|secret|pass|pwd|key|sig|auth|credential|jwt)[^\s=&#"']{0,40}=)[^\s&#"']*/gi;

/** A message that quotes what a file says. */
export function tellableText(text: string): string {
  return text.includes('://') ? text.replaceAll(USERS, '$1').replaceAll(KEYS, '$1…') : text;
}
