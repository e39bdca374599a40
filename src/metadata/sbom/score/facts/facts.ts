/** What profiles ask of a bill of materials, the same whichever family the document is of. */

export interface SbomFacts {
  readonly family: 'CycloneDX' | 'SPDX';
  readonly version: string;
  /** Serial number, document namespace or id. */
  readonly uri?: string;
  readonly timestamp?: string;
  /** Persons and organizations that made the document, not programs. */
  readonly authors: readonly Party[];
  /** Who supplies what the document is about. */
  readonly suppliers: readonly Party[];
  readonly tools: readonly Tool[];
  /** Phases of the life of the software, or types of SBOM; undefined where the family has no place for them. */
  readonly lifecycles?: readonly string[];
  readonly dataLicence?: string;
  /** Undefined where the family has no place for one. */
  readonly signature?: 'absent' | 'incomplete' | 'complete';
  readonly hasVulnerabilities: boolean;
  /** Whether it says of anything in it that it is complete, or not; undefined where the family has no place for that. */
  readonly tellsCompleteness?: boolean;
  /** The one that the document is about comes first. */
  readonly components: readonly ComponentFacts[];
}

export interface Party {
  readonly name?: string;
  readonly emails: readonly string[];
  readonly urls: readonly string[];
}

export interface Tool {
  readonly name: string;
  readonly version?: string;
}

export interface Licence {
  /** An SPDX expression, or whatever stands in its place. */
  readonly text: string;
  /** As the component's authors say, or as whoever made the document came to believe; undefined where neither is said. */
  readonly acknowledgement?: 'declared' | 'concluded';
}

export interface Checksum {
  /** Lower case without dashes: `sha512`. */
  readonly algorithm: string;
  readonly value: string;
}

export interface ComponentFacts {
  readonly id: string;
  readonly isPrimary: boolean;
  readonly name?: string;
  readonly version?: string;
  readonly suppliers: readonly Party[];
  /** Manufacturers, authors, originators. */
  readonly creators: readonly Party[];
  readonly fileName?: string;
  readonly checksums: readonly Checksum[];
  /** Of the file that is delivered. */
  readonly deployableChecksums: readonly Checksum[];
  readonly sourceChecksums: readonly Checksum[];
  readonly licences: readonly Licence[];
  readonly effectiveLicence?: string;
  readonly purls: readonly string[];
  readonly cpes: readonly string[];
  /** SWID, SWHID, gitoid and the like. */
  readonly otherIds: readonly string[];
  readonly deployableUris: readonly string[];
  readonly sourceUris: readonly string[];
  readonly securityTxts: readonly string[];
  readonly purpose?: string;
  readonly executable?: string;
  readonly archive?: string;
  readonly structured?: string;
  /** Ids; undefined where nothing is said, empty where it is said that there are none. */
  readonly dependsOn?: readonly string[];
  /** Whether all of them are said: complete, incomplete or unknown; undefined where that is not said. */
  readonly completeness?: string;
}

const NOTHING: ReadonlySet<string> = new Set(['', 'NOASSERTION', 'NONE']);

/** Strings that say something. */
export function texts(value: unknown): readonly string[] {
  return (Array.isArray(value) ? (value as unknown[]) : [value]).filter(
    (text): text is string => typeof text === 'string' && !NOTHING.has(text.trim()),
  );
}

/** The key with its value, or nothing where that says nothing. */
export function fact<K extends string>(key: K, value: unknown): { readonly [P in K]?: string } {
  const [text] = texts(value);
  return (text === undefined ? {} : { [key]: text }) as { readonly [P in K]?: string };
}

export function checksum(algorithm: unknown, value: unknown): readonly Checksum[] {
  const [name] = texts(algorithm);
  const [content] = texts(value);
  if (name === undefined || content === undefined) return [];
  return [{ algorithm: name.toLowerCase().replace(/^sha-?(?=[125]|384)/, 'sha'), value: content }];
}

/** `name-version`, as SPDX names programs. */
export function toolOf(text: string): Tool {
  const dash = text.lastIndexOf('-');
  return dash > 0 && /\d/.test(text.slice(dash))
    ? { name: text.slice(0, dash), version: text.slice(dash + 1) }
    : { name: text };
}

export const isUri = (text: string): boolean => /^[a-z][a-z0-9+.-]*:\S+$/i.test(text) && URL.canParse(text);
/** One that may be asked for: a scheme and a host. */
export const isUrl = (text: string): boolean => /^[a-z][a-z0-9+.-]*:\/\/[^\s/]+/i.test(text) && isUri(text);
export const isEmail = (text: string): boolean => /^[^\s@<>()]+@[^\s@.<>()]+(?:\.[^\s@.<>()]+)+$/u.test(text);

/** `Jane Doe (jane@example.com)` (SPDX 2.3, 6.8); both are empty where there are none. */
export function splitContact(text: string): { readonly name: string; readonly contact: string } {
  const open = text.endsWith(')') ? text.lastIndexOf('(') : -1;
  const contact = text.slice(open + 1, -1);
  if (open < 0 || contact.includes(')')) return { name: text.trim(), contact: '' };
  return { name: text.slice(0, open).trim(), contact };
}
