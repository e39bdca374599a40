import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { digestOf, type FileTree } from '../../core/index.ts';
import type { LayerIndex } from './layer-index.ts';
import { LayerTableBuilder, splitPath } from './layer-table.ts';
import { overlayLayers } from './overlay.ts';

type Change =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'whiteout'; readonly path: string }
  | { readonly kind: 'opaque'; readonly path: string };

const path = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom('file', 'directory', 'whiteout', 'opaque'),
  path,
});
const layers = fc.array(fc.array(change, { maxLength: 6 }), { minLength: 1, maxLength: 5 });

function indexOf(changes: readonly Change[], layer: number): LayerIndex {
  const of = (kind: Change['kind']) => changes.filter((entry) => entry.kind === kind).map((entry) => entry.path);
  const added = changes.filter((entry) => entry.kind === 'file' || entry.kind === 'directory');
  const table = new LayerTableBuilder();
  for (const { path, kind } of added) {
    table.add({ ...splitPath(path), kind, size: 0, mode: 0o644, linkName: '', isChosen: kind === 'file' });
  }
  const contents = new Map<string, Uint8Array>();
  for (const entry of added) {
    contents.delete(entry.path);
    if (entry.kind === 'file') contents.set(entry.path, Buffer.from(String(layer)));
  }
  const diffId = digestOf(String(layer));
  return { diffId, entries: table.finish(), whiteouts: of('whiteout'), opaques: of('opaque'), contents, skipped: [] };
}

/** The clauses of the specification over a plain table, without any thought of speed: path to layer of a file, or `folder`. */
function model(all: readonly (readonly Change[])[]): Map<string, number | 'folder'> {
  const table = new Map<string, number | 'folder'>();
  const removeUnder = (folder: string) => {
    for (const found of table.keys()) if (found.startsWith(`${folder}/`)) table.delete(found);
  };
  for (const [layer, changes] of all.entries()) {
    for (const { kind, path } of changes) {
      if (kind === 'whiteout' || kind === 'opaque') removeUnder(path);
      if (kind === 'whiteout') table.delete(path);
    }
    for (const { kind, path } of changes) {
      if (kind !== 'file' && kind !== 'directory') continue;
      const parts = path.split('/');
      for (let depth = 1; depth < parts.length; depth += 1) table.set(parts.slice(0, depth).join('/'), 'folder');
      if (kind === 'file') removeUnder(path);
      table.set(path, kind === 'file' ? layer : 'folder');
    }
  }
  return table;
}

function treeOf(all: readonly (readonly Change[])[]): FileTree {
  return overlayLayers(
    all.map((changes, index) => {
      const layer = indexOf(changes, index);
      return { index: layer, ref: { index, digest: layer.diffId, diffId: layer.diffId } };
    }),
  );
}

test('layers laid over each other give what the clauses say, for any changes', async () => {
  await fc.assert(
    fc.asyncProperty(layers, async (all) => {
      const tree = treeOf(all);
      const found = [...tree.entries()].map((entry) => [
        entry.path,
        entry.kind === 'directory' ? 'folder' : entry.layer?.index,
      ]);
      const expected = [...model(all)].sort(([a], [b]) => (a < b ? -1 : 1));
      assert.deepEqual(found, expected);
      for (const [path, layer] of expected) {
        if (layer === 'folder') continue;
        assert.equal(Buffer.from((await tree.read(path)) ?? []).toString(), String(layer));
        assert.equal((await tree.history(path)).at(-1)?.layer.index, layer);
      }
    }),
    { numRuns: 400 },
  );
});

/** Of every path, what each layer did: found by laying the layers one by one. A folder that stays one is left out. */
function modelChanges(all: readonly (readonly Change[])[]): readonly string[] {
  const tables = [new Map<string, number | 'folder'>(), ...all.map((_, index) => model(all.slice(0, index + 1)))];
  return all.flatMap((_, index) => {
    const [before = new Map(), after = new Map()] = tables.slice(index, index + 2);
    return [...new Set([...before.keys(), ...after.keys()])].flatMap((path) => {
      const [was, is] = [before.get(path), after.get(path)];
      if (was === undefined) return [`${path} ${index} added`];
      if (is === undefined) return [`${path} ${index} deleted`];
      return is === index || was !== is ? [`${path} ${index} changed`] : [];
    });
  });
}

test('of every path it is known which layer added, changed and deleted it', () => {
  fc.assert(
    fc.property(layers, (all) => {
      const folders = all.map((_, index) => model(all.slice(0, index + 1)));
      const staysFolder = (path: string, index: number) =>
        folders[index]?.get(path) === 'folder' && folders[index - 1]?.get(path) === 'folder';
      const found = [...treeOf(all).changes()].flatMap(([path, changes]) =>
        changes.flatMap(({ layer, change }) =>
          staysFolder(path, layer.index) ? [] : [`${path} ${layer.index} ${change}`],
        ),
      );
      assert.deepEqual(found.toSorted(), modelChanges(all).toSorted());
    }),
    { numRuns: 400 },
  );
});
