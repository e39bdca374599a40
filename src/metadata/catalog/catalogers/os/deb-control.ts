/** Control files of Debian packages (deb-control(5)): paragraphs, relationship fields, source fields. */
import type { Distro, PurlParts } from '../../../ecosystem/index.ts';

export type Paragraph = ReadonlyMap<string, string>;

/** Keys in lower case; continuation lines joined by newlines. A paragraph ends at an empty line. */
export function parseParagraphs(text: string): readonly Paragraph[] {
  const paragraphs: Paragraph[] = [];
  let current = new Map<string, string>();
  let key: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === '') {
      if (current.size > 0) paragraphs.push(current);
      current = new Map();
      key = undefined;
    } else if (/^[ \t]/.test(line)) {
      if (key !== undefined) current.set(key, `${current.get(key) ?? ''}\n${line.trimEnd()}`);
    } else {
      const colon = line.indexOf(':');
      key = colon > 0 ? line.slice(0, colon).toLowerCase() : undefined;
      if (key !== undefined) current.set(key, line.slice(colon + 1).trim());
    }
  }
  if (current.size > 0) paragraphs.push(current);
  return paragraphs;
}

/** Groups of alternatives: `a (>= 1) | b, c:any` gives [[a, b], [c]]. */
export function parseRelations(text: string | undefined): readonly (readonly string[])[] {
  return (text ?? '')
    .split(',')
    .map((group) => group.split('|').flatMap((part) => /^\s*([a-zA-Z0-9][a-zA-Z0-9+.-]*)/.exec(part)?.[1] ?? []))
    .filter((group) => group.length > 0);
}

/** `name (version)` or `name`; the version is the package's own where it is not said. */
export function parseSource(
  text: string | undefined,
  name: string,
  version: string,
): { name: string; version: string } {
  const match = /^(\S+)(?:\s+\(([^)]*)\))?/.exec(text ?? '');
  return { name: match?.[1] ?? name, version: match?.[2] ?? version };
}

/** `pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12`; rolling releases have a code name alone. */
export function debPurl(
  { name, version, arch }: { readonly name: string; readonly version: string; readonly arch: string | undefined },
  distro: Distro | undefined,
): PurlParts {
  const release = distro?.versionId ?? distro?.codename;
  return {
    type: 'deb',
    namespace: distro?.id ?? 'debian',
    name,
    version,
    qualifiers: { arch, distro: distro === undefined || release === undefined ? undefined : `${distro.id}-${release}` },
  };
}
