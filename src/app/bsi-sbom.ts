/** SBOMs with the facts of files that BSI TR-03183-2 asks for, from a second look at the files that are components as a whole. */
import { parsePlatform } from '../artifacts/index.ts';
import { AppError, createHasher, hexOf } from '../core/index.ts';
import type { FileSelector, FileTree, Ports } from '../core/index.ts';
import { BSI_PROPERTY, findSbomProfile, parseSbomDocument, scoreSbom } from '../metadata/sbom/index.ts';
import type { Component, Sbom } from '../metadata/sbom/index.ts';
import { openSource } from './open-source.ts';
import { createSbom } from './sbom.ts';
import type { SbomOptions } from './sbom.ts';

/** Ceiling of one file that is hashed: above the largest program. */
const MAX_FILE_BYTES = 8 * 1024 * 1024 * 1024;
/** Of a file, its first bytes and its SHA-512 are kept. */
const MAGIC_BYTES = 8;

/** As `createSbom`. Throws `unavailable` when the source changed between the two looks at it. */
export async function createBsiSbom(ports: Ports, source: string, options: SbomOptions = {}): Promise<Sbom> {
  const sbom = await createSbom(ports, source, options);
  const files = findDeployables(sbom.components);
  if (files.size === 0) return sbom;
  // other threads know the catalogers' selector alone
  const { threads: _threads, ...alone } = ports;
  const opened = await openSource(alone, source, {
    selector: hashing(new Set(files.values())),
    ...(options.platform === undefined ? {} : { platform: parsePlatform(options.platform) }),
    ...(options.access === undefined ? {} : { access: options.access }),
    signal: options.signal,
  });
  if (opened.image?.digest !== sbom.subject.digest && opened.kind === 'image') {
    throw new AppError(
      'unavailable',
      `${source}: expected ${sbom.subject.digest} still, found ${opened.image?.digest}`,
    );
  }
  const tree = await opened.tree();
  const components: Component[] = [];
  for (const component of sbom.components) components.push(await addFileFacts(component, tree, files));
  return { ...sbom, components };
}

/** Files that are packages as they lie there. */
const PACKAGE = /\.(?:jar|war|ear|whl|egg|gem|apk|deb|rpm|nupkg|conda|exe|dll|so(?:\.\d+)*)$/i;

/** By component, the path of the file that it is, where one file is one component. */
function findDeployables(components: readonly Component[]): ReadonlyMap<string, string> {
  const at = new Map<string, Component[]>();
  for (const component of components) {
    const paths = [...new Set(component.locations.map(({ path }) => path))];
    const [path] = paths;
    if (path === undefined || paths.length > 1 || component.deletedBy !== undefined) continue;
    const isProgram = component.evidence === 'binary' && component.kind === 'application';
    if (isProgram || component.kind === 'file' || PACKAGE.test(path))
      at.set(path, [...(at.get(path) ?? []), component]);
  }
  return new Map(
    [...at].flatMap(([path, found]) => {
      const programs = found.filter(({ kind }) => kind !== 'library');
      const [only, other] = programs.length > 0 ? programs : found;
      return only === undefined || other !== undefined ? [] : [[only.id, path] as const];
    }),
  );
}

/** Keeps the first bytes and the SHA-512 of the files. */
function hashing(paths: ReadonlySet<string>): FileSelector {
  const names = createHasher();
  for (const path of [...paths].sort()) names.update(Buffer.from(`${path}\n`));
  const open = (head: Uint8Array) => {
    const hasher = createHasher('sha512');
    const magic = Buffer.from(head.subarray(0, MAGIC_BYTES)).toString('hex');
    return {
      write: (chunk: Uint8Array) => hasher.update(chunk),
      end: () => Buffer.from(`${magic} ${hexOf(hasher.digest())}`),
    };
  };
  return {
    id: `sha512:${names.digest()}`,
    select: ({ path }) => (paths.has(path) ? { kind: 'condense', maxBytes: MAX_FILE_BYTES, open } : { kind: 'skip' }),
  };
}

/** ELF, PE, Mach-O in its four spellings, scripts. */
const EXECUTABLE = /^(?:7f454c46|4d5a|feedface|feedfacf|cefaedfe|cffaedfe|cafebabe|2321)/;
/** ZIP, gzip, bzip2, xz, Zstandard, ar, RPM. */
const ARCHIVE = /^(?:504b0304|1f8b|425a68|fd377a58|28b52ffd|213c6172|edabeedb)/;

async function addFileFacts(
  component: Component,
  tree: FileTree,
  files: ReadonlyMap<string, string>,
): Promise<Component> {
  const path = files.get(component.id);
  const kept = path === undefined ? undefined : await tree.read(path);
  if (path === undefined || kept === undefined) return component;
  const [magic = '', sha512 = ''] = Buffer.from(kept).toString('utf8').split(' ');
  const isArchive = ARCHIVE.test(magic);
  const isExecutable = EXECUTABLE.test(magic) || (!isArchive && ((tree.find(path)?.mode ?? 0) & 0o111) !== 0);
  const facts = {
    filename: path.slice(path.lastIndexOf('/') + 1),
    executable: isExecutable ? 'executable' : 'non-executable',
    archive: isArchive ? 'archive' : 'no archive',
    structured: isArchive ? 'structured' : 'unstructured',
  };
  const properties = { ...component.properties };
  for (const [name, value] of Object.entries(facts)) properties[`${BSI_PROPERTY}${name}`] = value;
  return {
    ...component,
    hashes: [
      ...component.hashes.filter(({ algorithm }) => algorithm !== 'sha512'),
      { algorithm: 'sha512', value: sha512 },
    ],
    properties: Object.fromEntries(Object.entries(properties).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** What the guideline requires and the document lacks, in words. */
export function listBsiGaps(text: string): readonly string[] {
  const [score] = scoreSbom(parseSbomDocument(text), [findSbomProfile('bsi')], { what: 'SBOM' });
  return (score?.criteria ?? [])
    .filter(({ required, passed, total }) => required && passed < total)
    .map(({ id, passed, total, wants }) => `${id}: not known of ${total - passed} of ${total}: ${wants}`);
}

export { checkBsiForm, writeBsiSbom } from '../metadata/sbom/index.ts';
