/** Addresses of pages and repositories as they may be told to everybody: without who may read them. */

/** Longer ones carry something else. */
const MAX_LENGTH = 2048;
/** RFC 3986: schemes under which pages and repositories are found, then all characters that may stand in a URI. */
const ADDRESS = /^(?:https?|ftp|git|ssh|svn(?:\+ssh)?|rsync):\/\/[\w:/?#[\]@!$&'()*+,;=.~%-]+$/i;
/** `git@host:path`, as git and ssh write it. */
const SSH_PLACE = /^(?:([\w.-]+)@)?([\w-]+(?:\.[\w-]+)+):(?![/\d])([^\s:]+)$/;

const SECRET = /token|secret|pass|pwd|key|sig|auth|credential/i;

/** Of a page to read; undefined for what is none. A query that looks like a key to it is cut off. */
export function pageAddress(text: unknown): string | undefined {
  const address = withoutUser(text);
  if (address === undefined || !/^(?:https?|ftp):/i.test(address)) return undefined;
  const [page = '', query = ''] = address.split('?', 2);
  return SECRET.test(query) ? page : address;
}

/** Of a repository of source code, without the commit and the kind that package managers write around it; undefined for what is none. */
export function repositoryAddress(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined;
  const plain = text.trim().replace(/^(?:git|hg|svn|bzr)\+(?=[a-z]+:)/i, '');
  const [, user = 'git', host, path] = SSH_PLACE.exec(plain) ?? [];
  return withoutUser(host === undefined ? plain : `ssh://${user}@${host}/${path}`)?.replace(/[?#].*$/s, '');
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

/** Any text that a lock file has as a place; undefined for an address in which it cannot be told where the password ends. */
export function tellablePlace(text: string): string | undefined {
  if (!/^[\w+.-]+:\/\//.test(text)) return text;
  if (!URL.canParse(text) || text.includes('\\')) return undefined;
  const [, place = '', query = '', hash = ''] = /^([^?#]*)(\?[^#]*)?(.*)$/s.exec(dropUser(text)) ?? [];
  return `${place}${SECRET.test(query) ? '' : query}${hash}`;
}
