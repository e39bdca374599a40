/** What most catalogers of lock files and manifests have in common: files chosen by name, kept whole and read one at a time. */
import { pushAll } from '../../core/index.ts';
import type { FileEntry, FileTree } from '../../core/index.ts';
import type { Component, Dependency, Evidence, Location } from '../sbom/index.ts';
import { repositoryAddress } from '../sbom/index.ts';
import { SKIP } from './cataloger.ts';
import type { Cataloger, Choice } from './cataloger.ts';
import { catalogFiles, locationOf } from './components.ts';
import type { Finds, Given } from './components.ts';

/** A package among others that lie in one place, and the names of those that it needs there. */
interface Link {
  readonly component: Component | undefined;
  /** The place: packages in different ones do not see each other. */
  readonly within: string;
  /** Seen from all places. */
  readonly isShared?: boolean;
  readonly name: string;
  readonly needs: readonly string[];
}

/** One file being read. */
export interface Reading {
  readonly content: Uint8Array;
  readonly file: FileEntry;
  readonly finds: Finds;
  /** Only files that the cataloger chose have content. */
  readonly tree: FileTree;
  /** All files that the cataloger chose. */
  readonly files: readonly FileEntry[];
  /** For needs that can be resolved only when all files are read. */
  readonly link: (link: Link) => void;
}

interface FileCataloger extends Pick<Cataloger, 'id' | 'names'> {
  /** How sure what it reads is; files of a project are declared, all else is installed. */
  readonly evidence: Evidence;
  /** Of the files with these names; all where absent. */
  readonly isChosen?: (path: string) => boolean;
  /** Of the chosen ones; the others are there to look something up. All where absent. */
  readonly isRead?: (path: string) => boolean;
  readonly maxBytes?: number;
  /** In place of keeping them whole. */
  readonly choice?: Choice;
  readonly read: (reading: Reading) => void | Promise<void>;
}

/** Lock files and manifests of the largest projects stay below 32 MiB. */
export const MAX_FILE_BYTES = 64 * 1024 * 1024;

export function createFileCataloger(given: FileCataloger): Cataloger {
  const { id, names, evidence, isChosen, isRead, maxBytes = MAX_FILE_BYTES } = given;
  const choice: Choice = given.choice ?? { kind: 'keep', maxBytes };
  return {
    id,
    names,
    evidence: evidence === 'lock' || evidence === 'manifest' ? 'declared' : 'installed',
    select: ({ path }) => (isChosen === undefined || isChosen(path) ? choice : SKIP),
    catalog: async (tree, files, context) => {
      const links: Link[] = [];
      const link = (one: Link) => void links.push(one);
      const catalog = await catalogFiles(
        isRead === undefined ? files : files.filter(({ path }) => isRead(path)),
        { tree, context, finder: { foundBy: id, evidence } },
        async (content, file, finds) => await given.read({ content, file, finds, tree, files, link }),
      );
      return { ...catalog, dependencies: [...catalog.dependencies, ...resolveLinks(links)] };
    },
  };
}

function resolveLinks(links: readonly Link[]): readonly Dependency[] {
  const byName = new Map(links.map(({ within, name, component }) => [`${within}\n${name}`, component?.id]));
  const shared = new Map(
    links.flatMap(({ isShared, name, component }) => (isShared === true ? [[name, component?.id]] : [])),
  );
  return links.flatMap(({ component, within, needs }) => {
    const to = needs.flatMap((name) => byName.get(`${within}\n${name}`) ?? shared.get(name) ?? []);
    return component === undefined || to.length === 0 ? [] : [{ from: component.id, to }];
  });
}

/** A package of a lock file. */
export interface Entry {
  readonly given: Given;
  /** Keys of other entries; those that the file does not hold are passed over. */
  readonly needs: readonly string[];
}

export function addEntries(
  { finds, file }: Pick<Reading, 'finds' | 'file'>,
  entries: ReadonlyMap<string, Entry>,
): void {
  const components = new Map<string, Component | undefined>();
  for (const [key, { given }] of entries) components.set(key, finds.add(file, given));
  for (const [key, { needs }] of entries) {
    finds.depend(
      components.get(key),
      needs.map((needed) => components.get(needed)),
    );
  }
}

/** Keys of what is needed from these on, themselves included. */
export function reach(entries: ReadonlyMap<string, Pick<Entry, 'needs'>>, from: Iterable<string>): ReadonlySet<string> {
  const reached = new Set<string>();
  const waiting = [...from];
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    const entry = entries.get(key);
    if (entry === undefined || reached.has(key)) continue;
    reached.add(key);
    pushAll(waiting, entry.needs);
  }
  return reached;
}

/** A place in a text file, by lines from 1. */
export function linesOf(file: FileEntry, first: number, last = first): readonly Location[] {
  return [{ ...locationOf(file), lines: [first, last] }];
}

/** A commit is all that says which version of a repository is meant: package URLs of it carry its address, as far as it may be told. */
export function vcsUrl(address: string, commit: string, kind = 'git'): string {
  const open = repositoryAddress(address) ?? address.replace(/^\w+\+/, '');
  return `${kind}+${open}${commit === '' ? '' : `@${commit}`}`;
}
