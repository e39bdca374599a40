/**
 * Packages that dpkg (or opkg) installed: `status`, the `status.d` of distroless images, file lists, licences from copyright files.
 * Not read: `Built-Using`, the digest of the archive in `available`.
 */
import type { FileEntry, FileTree } from '../../../../core/index.ts';
import { AppError, pushAll } from '../../../../core/index.ts';
import type { Component, Dependency, Hash } from '../../../sbom/index.ts';
import { MAX_DATABASE_BYTES, SKIP } from '../../cataloger.ts';
import type { Catalog, CatalogContext, Cataloger } from '../../cataloger.ts';
import { catalogFiles, readText, textOf } from '../../components.ts';
import type { Finds, Given } from '../../components.ts';
import { linksOf } from '../../values.ts';
import { debPurl, parseParagraphs, parseRelations, parseSource } from './deb-control.ts';
import type { Paragraph } from './deb-control.ts';
import { parseCopyright } from './deb-copyright.ts';
import { resolveByName } from './relations.ts';

const STATUS = /^(?:var\/lib\/dpkg\/status|usr\/lib\/dpkg\/status|usr\/lib\/opkg\/status)$/;
const STATUS_D = /^var\/lib\/dpkg\/status\.d\/[^/]+$/;
const NOT_STATUS =
  /\.(?:md5sums|preinst|postinst|prerm|postrm|list|conffiles|triggers|shlibs|symbols|templates|config)$/;
const LIST = /^(?:var\/lib\/dpkg\/info\/([^/]+)\.list|var\/lib\/dpkg\/status\.d\/([^/]+)\.md5sums)$/;
/** A folder of that name may be where the usual one leads, as in images that keep /var apart. */
const LINKED = /(?:^|\/)dpkg\/((?:status|status\.d\/[^/]+|info\/[^/]+\.list))$/;
const COPYRIGHT = /^usr\/share\/doc\/([^/]+)\/copyright$/;
/** Characters that deb-version(7) permits; opkg adds none. */
const VERSION = /^(?:\d+:)?[A-Za-z0-9.+~:_-]{1,512}$/;
const NAME = /^[A-Za-z0-9][A-Za-z0-9.+_-]{0,255}$/;
/** Copyright files seldom pass 1 MiB. */
const MAX_COPYRIGHT_BYTES = 4 * 1024 * 1024;

export const dpkg: Cataloger = {
  id: 'dpkg',
  evidence: 'installed',
  names: ['*'],
  select: ({ path }) => {
    if (COPYRIGHT.test(path)) return { kind: 'keep', maxBytes: MAX_COPYRIGHT_BYTES };
    return isStatus(path) || LIST.test(path) || LINKED.test(path)
      ? { kind: 'keep', maxBytes: MAX_DATABASE_BYTES }
      : SKIP;
  },
  catalog,
};

/** The usual path of what lies elsewhere and is found by it. */
function usualPath(tree: FileTree, { path }: FileEntry): string {
  const rest = LINKED.exec(path)?.[1];
  const usual = `var/lib/dpkg/${rest}`;
  return rest !== undefined && tree.find(usual)?.path === path ? usual : path;
}

function isStatus(path: string): boolean {
  return STATUS.test(path) || (STATUS_D.test(path) && !NOT_STATUS.test(path));
}

interface Installed {
  readonly component: Component;
  readonly paragraph: Paragraph;
}

async function catalog(tree: FileTree, files: readonly FileEntry[], context: CatalogContext): Promise<Catalog> {
  const finder = { foundBy: 'dpkg', evidence: 'installed-db' } as const;
  const licencesOf = await readLicences(tree, files);
  const installed: Installed[] = [];
  const lists = files.filter((one) => isStatus(usualPath(tree, one)));
  const found = await catalogFiles(lists, { tree, context, finder }, (content, file, finds) =>
    pushAll(installed, readStatus(textOf(content), { file, licencesOf, context, finds })),
  );
  return {
    ...found,
    dependencies: resolveRelations(installed),
    owners: await readOwners(tree, files, installed),
  };
}

interface Place {
  readonly file: FileEntry;
  /** Of a package's name; none where no copyright file says any. */
  readonly licencesOf: (name: string) => readonly string[] | undefined;
  readonly context: CatalogContext;
}

function readStatus(text: string, { finds, ...place }: Place & { readonly finds: Finds }): readonly Installed[] {
  const { file } = place;
  const paragraphs = parseParagraphs(text);
  if (paragraphs.length === 0 && text.trim() !== '') {
    throw new AppError('invalid-input', `${file.path}: expected paragraphs of "Key: value", found none`);
  }
  for (const paragraph of paragraphs) {
    const name = paragraph.get('package') ?? '';
    const version = paragraph.get('version') ?? '';
    if (name === '' || version === '' || (NAME.test(name) && VERSION.test(version))) continue;
    const shown = JSON.stringify(`${name} ${version}`.slice(0, 80));
    finds.skip(file, `expected a Debian package name and version, found ${shown}`);
  }
  return paragraphs.filter(isInstalled).flatMap((paragraph) => {
    const component = finds.add(file, describe(paragraph, place));
    return component === undefined ? [] : [{ paragraph, component }];
  });
}

/** The third word of Status; config files alone are not an installed package. status.d has no Status line. */
function isInstalled(paragraph: Paragraph): boolean {
  if (!NAME.test(paragraph.get('package') ?? '')) return false;
  if (!VERSION.test(paragraph.get('version') ?? '')) return false;
  const status = paragraph.get('status')?.split(/\s+/)[2];
  return status !== 'config-files' && status !== 'not-installed';
}

function describe(paragraph: Paragraph, place: Place): Given {
  const name = paragraph.get('package') ?? '';
  const version = paragraph.get('version') ?? '';
  const distro = place.context.distro;
  const source = parseSource(paragraph.get('source'), name, version);
  const supplier = paragraph.get('maintainer');
  const isOpkg = place.file.path.includes('opkg');
  const declared = paragraph.get('license');
  return {
    name,
    version,
    purl: {
      ...debPurl({ name, version, arch: paragraph.get('architecture') }, distro),
      ...(isOpkg ? { type: 'opkg' } : {}),
    },
    licences: place.licencesOf(name) ?? (declared === undefined ? [] : [declared]),
    ...(supplier === undefined ? {} : { supplier }),
    ...(source.name === name && source.version === version ? {} : { source }),
    hashes: hashesOf(paragraph),
    ...linksOf(paragraph.get('homepage')),
  };
}

function hashesOf(paragraph: Paragraph): readonly Hash[] {
  const value = paragraph.get('sha256')?.toLowerCase();
  return value !== undefined && /^[0-9a-f]{64}$/.test(value) ? [{ algorithm: 'sha256', value }] : [];
}

/** Of alternatives, every installed one counts; virtual names are resolved through Provides. */
function resolveRelations(installed: readonly Installed[]): readonly Dependency[] {
  return resolveByName(
    installed.map(({ component: { id, name }, paragraph }) => {
      const [provides, depends, first] = ['provides', 'depends', 'pre-depends'].map((field) =>
        parseRelations(paragraph.get(field)).flat(),
      );
      return { id, provides: [name, ...(provides ?? [])], requires: [...(depends ?? []), ...(first ?? [])] };
    }),
  );
}

async function readLicences(tree: FileTree, files: readonly FileEntry[]): Promise<Place['licencesOf']> {
  const licences = new Map<string, readonly string[]>();
  for (const { path } of files) {
    const text = COPYRIGHT.test(path) ? await readText(tree, path) : undefined;
    const found = text === undefined ? [] : parseCopyright(text);
    if (found.length > 0) licences.set(path, found);
  }
  // the folder is often a link to that of the package that all of one source depend on
  return (name) => licences.get(tree.find(`usr/share/doc/${name}/copyright`)?.path ?? '');
}

/** `libc6:amd64.list` belongs to the package libc6 of that architecture. */
async function readOwners(
  tree: FileTree,
  files: readonly FileEntry[],
  installed: readonly Installed[],
): Promise<ReadonlyMap<string, string>> {
  const ids = new Map(installed.map(({ component }) => [component.name, component.id]));
  for (const { component, paragraph } of installed) {
    ids.set(`${component.name}:${paragraph.get('architecture') ?? ''}`, component.id);
  }
  const owners = new Map<string, string>();
  for (const file of files) {
    const match = LIST.exec(usualPath(tree, file));
    const name = match?.[1] ?? match?.[2];
    const id = name === undefined ? undefined : (ids.get(name) ?? ids.get(name.split(':', 1)[0] ?? ''));
    if (id === undefined) continue;
    for (const line of ((await readText(tree, file.path)) ?? '').split('\n')) {
      const owned = match?.[1] === undefined ? line.split(/\s+/, 2)[1] : line;
      if (owned !== undefined && owned !== '') owners.set(owned.replace(/^\.?\//, ''), id);
    }
  }
  return owners;
}
