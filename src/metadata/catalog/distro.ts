/** Which distribution a tree holds, from os-release(5) and, without it, the older release files. */
import { AppError, arrayOf, decodeJson, object, optional, string } from '../../core/index.ts';
import type { FileTree } from '../../core/index.ts';
import type { Distro } from '../ecosystem/index.ts';
import { readText } from './components.ts';

/** Files that name the distribution, in the order in which they are believed. */
const SOURCES: readonly { readonly path: string; readonly parse: (text: string) => Distro | undefined }[] = [
  { path: 'etc/os-release', parse: parseOsRelease },
  { path: 'usr/lib/os-release', parse: parseOsRelease },
  { path: 'etc/lsb-release', parse: parseLsbRelease },
  { path: 'etc/oracle-release', parse: parseRedHatRelease },
  { path: 'etc/almalinux-release', parse: parseRedHatRelease },
  { path: 'etc/rocky-release', parse: parseRedHatRelease },
  { path: 'etc/fedora-release', parse: parseRedHatRelease },
  { path: 'etc/centos-release', parse: parseRedHatRelease },
  { path: 'etc/redhat-release', parse: parseRedHatRelease },
  { path: 'etc/alpine-release', parse: (text) => versioned('alpine', text) },
  { path: 'etc/debian_version', parse: parseDebianVersion },
];

/** What Ubuntu's client for expanded maintenance knows of itself. */
const UBUNTU_PRO = 'var/lib/ubuntu-advantage/status.json';

export const RELEASE_FILES: readonly string[] = [...SOURCES.map(({ path }) => path), UBUNTU_PRO];

export async function detectDistro(tree: FileTree): Promise<Distro | undefined> {
  const distro = await findRelease(tree);
  const status = await readText(tree, UBUNTU_PRO);
  if (status === undefined || (distro !== undefined && distro.id !== 'ubuntu') || !hasMaintenance(status))
    return distro;
  return { id: 'ubuntu', ...distro, isExtended: true };
}

async function findRelease(tree: FileTree): Promise<Distro | undefined> {
  for (const { path, parse } of SOURCES) {
    const text = await readText(tree, path);
    const distro = text === undefined ? undefined : parse(text);
    if (distro !== undefined) return distro;
  }
  return undefined;
}

const decodeStatus = object({
  services: optional(arrayOf(object({ name: optional(string), status: optional(string) }))),
});

/** A status that cannot be read says nothing about the release, which is known without it. */
function hasMaintenance(text: string): boolean {
  try {
    const { services = [] } = decodeJson(text, decodeStatus, { what: UBUNTU_PRO });
    return services.some(({ name, status }) => name === 'esm-infra' && status === 'enabled');
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.kind === 'invalid-input') return false;
    throw thrown;
  }
}

function parseOsRelease(text: string): Distro | undefined {
  const fields = parseAssignments(text);
  const id = fields.get('ID')?.toLowerCase();
  // os-release(5): lower-case letters, digits, `.`, `_` and `-`.
  if (id === undefined || !/^[a-z0-9._-]+$/.test(id)) return undefined;
  const idLike = fields
    .get('ID_LIKE')
    ?.split(/\s+/)
    .filter((entry) => entry !== '');
  return {
    id,
    ...field('versionId', fields.get('VERSION_ID')),
    ...field('codename', fields.get('VERSION_CODENAME')),
    ...field('prettyName', fields.get('PRETTY_NAME')),
    ...(idLike === undefined || idLike.length === 0 ? {} : { idLike }),
  };
}

function parseLsbRelease(text: string): Distro | undefined {
  const fields = parseAssignments(text);
  const id = fields.get('DISTRIB_ID')?.toLowerCase();
  if (id === undefined || id === '') return undefined;
  return {
    id,
    ...field('versionId', fields.get('DISTRIB_RELEASE')),
    ...field('codename', fields.get('DISTRIB_CODENAME')),
    ...field('prettyName', fields.get('DISTRIB_DESCRIPTION')),
  };
}

function field<K extends string>(name: K, value: string | undefined): Partial<Record<K, string>> {
  return value === undefined || value === '' ? {} : ({ [name]: value } as Partial<Record<K, string>>);
}

/** KEY=VALUE in shell quoting without expansion; the last of equal keys wins. */
function parseAssignments(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) fields.set(match[1], unquote(match[2].trim()));
  }
  return fields;
}

function unquote(text: string): string {
  const single = /^'([^']*)'/.exec(text)?.[1];
  if (single !== undefined) return single;
  const double = /^"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
  return (double ?? text).replaceAll(/\\(.)/g, '$1');
}

const RED_HAT_IDS: readonly (readonly [RegExp, string])[] = [
  [/^CentOS/i, 'centos'],
  [/^AlmaLinux/i, 'almalinux'],
  [/^Rocky/i, 'rocky'],
  [/^Oracle/i, 'ol'],
  [/^Fedora/i, 'fedora'],
  [/^Red Hat/i, 'rhel'],
];

function parseRedHatRelease(text: string): Distro | undefined {
  const line = text.split('\n', 1)[0]?.trim() ?? '';
  const id = RED_HAT_IDS.find(([pattern]) => pattern.test(line))?.[1];
  const versionId = /release\s+(\d[\d.]*)/.exec(line)?.[1];
  return id === undefined || versionId === undefined ? undefined : { id, versionId, prettyName: line };
}

/** `9.8`, or `trixie/sid` for what is not released. */
function parseDebianVersion(text: string): Distro | undefined {
  const line = text.trim();
  if (/^\d/.test(line)) return versioned('debian', line);
  return /^\w+\/sid$/.test(line) ? { id: 'debian', codename: line } : undefined;
}

function versioned(id: string, text: string): Distro | undefined {
  const versionId = text.trim();
  return versionId === '' ? undefined : { id, versionId };
}
