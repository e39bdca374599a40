/**
 * `conan.lock` of Conan 1 (a graph: versions 0.1 to 0.4) and Conan 2 (lists: version 0.5). What is needed only for building, also as a
 * part of recipes, is for development.
 */
import { AppError, isRecord, mismatch, parseJson } from '../../../../core/index.ts';
import type { FileEntry } from '../../../../core/index.ts';
import { addEntries, createFileCataloger, MAX_FILE_BYTES, reach } from '../../file-cataloger.ts';
import type { Entry, Reading } from '../../file-cataloger.ts';
import { conanIdentity, findConanReference } from './conan-reference.ts';
import type { ConanReference } from './conan-reference.ts';
import type { Raw } from '../../values.ts';

export const conanLock = createFileCataloger({ id: 'conan-lock', evidence: 'lock', names: ['conan.lock'], read });

function read(reading: Reading): void {
  const { content, file } = reading;
  const lock = parseJson(content, { what: file.path, maxBytes: MAX_FILE_BYTES });
  if (!isRecord(lock)) throw mismatch(file.path, 'an object', lock);
  if (isRecord(lock.graph_lock)) readGraph(reading, lock.graph_lock);
  else if (LISTS.some(([list]) => Array.isArray(lock[list]))) readLists(reading, lock);
  else throw new AppError('invalid-input', `${file.path}: expected graph_lock or requires, found neither`);
}

const LISTS = [
  ['requires', 'runtime'],
  ['build_requires', 'development'],
  ['python_requires', 'development'],
  ['config_requires', 'development'],
] as const;

function readLists({ finds, file }: Reading, lock: Raw): void {
  for (const [list, scope] of LISTS) {
    for (const text of listOf(lock[list])) {
      const reference = findReference(reading(finds, file), text);
      if (reference !== undefined) finds.add(file, { ...conanIdentity(reference), scope });
    }
  }
}

function reading(finds: Reading['finds'], file: FileEntry): (reason: string) => void {
  return (reason) => finds.skip(file, reason);
}

function findReference(skip: (reason: string) => void, text: unknown): ConanReference | undefined {
  const found = typeof text === 'string' ? findConanReference(text) : undefined;
  if (found === undefined) skip(`expected name/version, found ${JSON.stringify(text)?.slice(0, 80)}`);
  return found;
}

/** The project itself has a path and nobody needs it. */
function readGraph(given: Reading, graph: Raw): void {
  const nodes = Object.entries(isRecord(graph.nodes) ? graph.nodes : {}).flatMap(([key, node]) =>
    isRecord(node) ? [[key, node] as const] : [],
  );
  const needed = new Set(nodes.flatMap(([, node]) => [...keysOf(node.requires), ...keysOf(node.build_requires)]));
  const isRoot = (key: string, node: Raw) => typeof node.path === 'string' && !needed.has(key);
  const links = new Map(nodes.map(([key, node]) => [key, { needs: keysOf(node.requires) }]));
  const forBuilding = reach(
    links,
    nodes.flatMap(([, node]) => keysOf(node.build_requires)),
  );
  const forRunning = reach(
    links,
    nodes.flatMap(([key, node]) => (needed.has(key) ? [] : [key, ...keysOf(node.requires)])),
  );
  const entries = new Map<string, Entry>();
  for (const [key, node] of nodes) {
    if (isRoot(key, node) || (node.ref ?? node.pref) === undefined) continue;
    const reference = findReference(reading(given.finds, given.file), node.ref ?? node.pref);
    if (reference === undefined) continue;
    const isForBuilding = node.context === 'build' || (forBuilding.has(key) && !forRunning.has(key));
    const scope = isForBuilding ? 'development' : 'runtime';
    entries.set(key, { given: { ...conanIdentity(reference), scope }, needs: keysOf(node.requires) });
  }
  addEntries(given, entries);
}

/** Keys of nodes as a list, or by reference as versions 0.1 and 0.2 have them. */
function keysOf(requires: unknown): readonly string[] {
  const values: readonly unknown[] = isRecord(requires) ? Object.values(requires) : listOf(requires);
  return values.filter((key) => typeof key === 'string');
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
