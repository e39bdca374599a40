/** How released scanners are asked for a bill of materials without a network, and how theirs are compared with ours. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync } from 'node:zlib';
import { dataSet } from '../shared-data.ts';
import { peer, PLIMSOLL, type Bench } from './support.ts';

export type ScannerName = 'plimsoll' | 'syft' | 'trivy' | 'cdxgen';

export interface Scanner {
  readonly name: ScannerName;
  readonly variable: string;
  /** Each writes CycloneDX in JSON to `output`; what several commands find counts together. */
  readonly folder: (path: string, output: string, language: string) => readonly (readonly string[])[];
  /** Of an OCI layout. */
  readonly image?: (path: string, output: string) => readonly (readonly string[])[];
}

const syft = peer('PEER_SYFT', 'scan', '--quiet');
const trivy = peer('PEER_TRIVY', '--cache-dir', 'trivy');
const TRIVY = ['--quiet', '--offline-scan', '--skip-java-db-update', '--format', 'cyclonedx', '--output'];

export const SCANNERS: readonly Scanner[] = [
  {
    name: 'plimsoll',
    variable: 'PATH',
    folder: (path, output) => [[PLIMSOLL, 'sbom', `dir:${path}`, '-o', `cyclonedx-json=${output}`]],
    image: (path, output) => [[PLIMSOLL, 'sbom', `oci-dir:${path}`, '-o', `cyclonedx-json=${output}`]],
  },
  {
    name: 'syft',
    variable: 'PEER_SYFT',
    folder: (path, output) => [syft(`dir:${path}`, '-o', `cyclonedx-json=${output}`)],
    image: (path, output) => [syft(`oci-dir:${path}`, '-o', `cyclonedx-json=${output}`)],
  },
  {
    // what is declared and what is installed are two commands
    name: 'trivy',
    variable: 'PEER_TRIVY',
    folder: (path, output) => ['fs', 'rootfs'].map((kind) => trivy(kind, ...TRIVY, output, path)),
    image: (path, output) => [trivy('image', ...TRIVY, output, '--input', path)],
  },
  {
    name: 'cdxgen',
    variable: 'PEER_CDXGEN',
    folder: (path, output, language) => [
      peer('PEER_CDXGEN')('--no-install-deps', '--type', language, '--output', output, path),
    ],
  },
];

/** What it sees in a document, as its own JSON. This one reads CycloneDX up to 1.4; 0.65 reads all. */
export function trivySbom(document: string, output: string): readonly string[] {
  const words = ['--quiet', '--offline-scan', '--skip-db-update', '--skip-java-db-update', '--list-all-pkgs'];
  return trivy('sbom', ...words, '--format', 'json', '--output', output, document);
}

/** Nobody listens there. */
const NOWHERE = 'http://127.0.0.1:9';
export const OFFLINE = { HTTPS_PROXY: NOWHERE, HTTP_PROXY: NOWHERE, SYFT_CHECK_FOR_APP_UPDATE: 'false' };

/** Trivy wants a database of archives of Java before it reads one: an empty one says that nothing is known. */
export async function makeTrivyCache(folder: string): Promise<void> {
  await mkdir(join(folder, 'java-db'), { recursive: true });
  const database = new DatabaseSync(join(folder, 'java-db/trivy-java.db'));
  database.exec('CREATE TABLE artifacts(id INTEGER PRIMARY KEY, group_id TEXT, artifact_id TEXT)');
  database.exec('CREATE TABLE indices(artifact_id INTEGER, version TEXT, sha1 BLOB, archive_type TEXT, license TEXT)');
  database.close();
  const times = { NextUpdate: '2099-01-01T00:00:00Z', UpdatedAt: '2026-01-01T00:00:00Z' };
  await writeFile(join(folder, 'java-db/metadata.json'), JSON.stringify({ Version: 1, ...times }));
}

/** Packages that a document lists, as `type/namespace/name@version` in one spelling; without package URL as `-/name@version`. */
export async function scan(
  bench: Bench,
  commands: readonly (readonly string[])[],
  output: string,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const command of commands) {
    await bench.run(command, { env: OFFLINE });
    const text = await readFile(join(bench.folder, output), 'utf8');
    for (const component of componentsOf(JSON.parse(text))) {
      const key = keyOf(component);
      if (key !== undefined) found.add(key);
    }
  }
  return found;
}

interface Listed {
  readonly type?: string;
  readonly group?: string;
  readonly name?: string;
  readonly version?: string;
  readonly purl?: string;
  readonly components?: readonly Listed[];
}

function componentsOf(document: Listed): readonly Listed[] {
  return (document.components ?? []).flatMap((component) => [component, ...componentsOf(component)]);
}

/** Undefined for files and the distribution, and for files that packages are grouped by. */
function keyOf({ type, name = '', version = '', purl }: Listed): string | undefined {
  if (type === 'file' || type === 'operating-system' || (purl === undefined && version === '')) return undefined;
  if (purl === undefined) return `-/${name}@${version}`.toLowerCase();
  const { bare = '', qualifiers = '' } = /^pkg:(?<bare>[^?#]*)(?:\?(?<qualifiers>[^#]*))?/.exec(purl)?.groups ?? {};
  const key = decodeURIComponent(bare).toLowerCase();
  const epoch = new URLSearchParams(qualifiers).get('epoch');
  if (key.startsWith('deb/') && epoch !== null) return key.replace(/@(?!.*@)/, `@${epoch}:`);
  // Trivy of that age knows no type for the packages of Mariner
  if (key.startsWith('none/')) return key.replace('none/', 'rpm/mariner/');
  if (key.startsWith('golang/')) return key.replace(/@v(?=\d)/, '@');
  if (key.startsWith('pypi/')) return key.replaceAll('_', '-');
  return key.replace(/^rustbinary\//, 'cargo/');
}

/** What `theirs` has and `ours` has under no type: where we find no package URL to be true, name and version count. */
export function listMissed(ours: ReadonlySet<string>, theirs: ReadonlySet<string>): readonly string[] {
  return [...theirs].filter((key) => !ours.has(key) && !ours.has(`-/${key.slice(key.lastIndexOf('/') + 1)}`)).sort();
}

/** With a package database that rpm wrote. */
export function makeRpmRoot(folder: string): void {
  const stored = join(dataSet('catalogers'), 'rpm/gorpmdb-cbl-mariner-2.0-sqlite/input/rpmdb.sqlite.gz');
  const files = {
    'etc/os-release': 'NAME="Common Base Linux Mariner"\nID=mariner\nVERSION_ID="2.0"\n',
    'var/lib/rpm/rpmdb.sqlite': gunzipSync(readFileSync(stored)),
  };
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

/** What is in the one layer of a published image of Alpine. */
export function makeAlpineRoot(folder: string): void {
  const work = mkdtempSync(join(tmpdir(), 'plimsoll-alpine-'));
  const unpack = (archive: string, to: string) => {
    mkdirSync(to, { recursive: true });
    const { status, stderr } = spawnSync('tar', ['-xf', archive, '-C', to], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${archive}: ${stderr}`);
  };
  unpack(join(dataSet('goldens'), 'images/alpine-310.tar.gz'), work);
  const [{ Layers: layers }] = JSON.parse(readFileSync(join(work, 'manifest.json'), 'utf8')) as [{ Layers: string[] }];
  for (const layer of layers) unpack(join(work, layer), folder);
  rmSync(work, { recursive: true });
}
