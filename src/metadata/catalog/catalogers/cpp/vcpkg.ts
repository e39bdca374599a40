/**
 * vcpkg (learn.microsoft.com/vcpkg): `vcpkg/status`, which lists what is installed, and the manifest `vcpkg.json`, whose versions are
 * known only where it overrides them: all else the registry's baseline says, which is not in the file.
 */
import { isRecord, mismatch, parseJson, pushAll } from '../../../../core/index.ts';
import { textOf } from '../../components.ts';
import type { Given } from '../../components.ts';
import { createFileCataloger, MAX_FILE_BYTES } from '../../file-cataloger.ts';
import type { Reading } from '../../file-cataloger.ts';
import { parseParagraphs, parseRelations } from '../os/deb-control.ts';

export const vcpkgInstalled = createFileCataloger({
  id: 'vcpkg-installed',
  evidence: 'installed-db',
  names: ['status'],
  isChosen: (path) => /(?:^|\/)vcpkg\/status$/.test(path),
  read: readStatus,
});

export const vcpkgManifest = createFileCataloger({
  id: 'vcpkg-manifest',
  evidence: 'manifest',
  names: ['vcpkg.json'],
  read: readManifest,
});

/** Features of a port have paragraphs of their own, with the needs that they add. */
function readStatus({ content, file, finds, link }: Reading): void {
  const ports = new Map<string, { readonly given: Given; readonly within: string; readonly needs: string[] }>();
  for (const paragraph of parseParagraphs(textOf(content))) {
    const [name, triplet = ''] = [paragraph.get('package'), paragraph.get('architecture')];
    if (name === undefined || paragraph.get('status') !== 'install ok installed') continue;
    const key = `${name}:${triplet}`;
    const needs = parseRelations(paragraph.get('depends')).flatMap(([first]) => first ?? []);
    const known = ports.get(key);
    if (known === undefined) {
      const version = paragraph.get('version') ?? '';
      const given = portIdentity({ name, version, port: paragraph.get('port-version'), triplet });
      ports.set(key, { given, within: triplet, needs: [...needs] });
    } else pushAll(known.needs, needs);
  }
  for (const { given, within, needs } of ports.values())
    link({ component: finds.add(file, given), within: `${file.path} ${within}`, name: given.name, needs });
}

function portIdentity(port: {
  readonly name: string;
  readonly version: string;
  readonly port: string | undefined;
  readonly triplet?: string;
}): Given {
  const { name, version, triplet } = port;
  // of port versions, 0 is the same as none
  const qualifiers = { port_version: port.port === '0' ? undefined : port.port, triplet };
  return { name, version, purl: { type: 'vcpkg', name, version, qualifiers } };
}

function readManifest({ content, file, finds }: Reading): void {
  const manifest = parseJson(content, { what: file.path, maxBytes: MAX_FILE_BYTES });
  if (!isRecord(manifest)) throw mismatch(file.path, 'an object', manifest);
  const overrides = new Map(recordsIn(manifest.overrides).map((raw) => [raw.name, raw]));
  for (const raw of recordsIn(manifest.dependencies)) {
    if (typeof raw.name !== 'string') continue;
    const chosen = overrides.get(raw.name) ?? {};
    const version = ['version', 'version-string', 'version-semver', 'version-date'].map((field) => chosen[field]);
    const [text = '', port] = (version.find((one) => typeof one === 'string') ?? '').split('#');
    const given = portIdentity({ name: raw.name, version: text, port: port ?? portOf(chosen['port-version']) });
    finds.add(file, { ...given, scope: raw.host === true ? 'development' : 'runtime' });
  }
}

function portOf(value: unknown): string | undefined {
  return Number.isSafeInteger(value) ? String(value) : undefined;
}

/** A dependency is a name, or an object with one. */
function recordsIn(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  const entries: readonly unknown[] = Array.isArray(value) ? value : [];
  return entries.flatMap((entry) => {
    if (typeof entry === 'string') return [{ name: entry }];
    return isRecord(entry) ? [entry] : [];
  });
}
