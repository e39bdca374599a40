/** Objects and documents: entries, paths, patches, subsets. */
import { areEqual, formatValue, isArray, RegoObject, RegoSet, typeOf } from '../value.ts';
import type { RegoValue } from '../value.ts';
import { builtinError, lookUp } from '../evaluate/vm.ts';
import type { Vm } from '../evaluate/vm.ts';
import { fault } from '../fault.ts';
import { arrayAt, elementError, keysAt, listAt, objectAt } from './operands.ts';
import type { Args, Builtins } from './operands.ts';

function get(args: Args): RegoValue {
  const object = objectAt(args, 0);
  const [, key, otherwise] = args as [RegoValue, RegoValue, RegoValue];
  let value: RegoValue | undefined = object;
  for (const step of isArray(key) ? key : [key]) {
    value = value === undefined ? undefined : lookUp(value, step);
    if (value === undefined) return otherwise;
  }
  return value;
}

function filter(args: Args): RegoValue {
  const object = objectAt(args, 0);
  const keys = RegoSet.of(keysAt(args, 1));
  return RegoObject.of(object.entries().filter(([key]) => keys.has(key)));
}

function remove(args: Args): RegoValue {
  const object = objectAt(args, 0);
  const keys = RegoSet.of(keysAt(args, 1));
  return RegoObject.of(object.entries().filter(([key]) => !keys.has(key)));
}

/** Objects within both are united too; else what is on the right stands. */
function unite(a: RegoValue, b: RegoValue): RegoValue {
  if (!(a instanceof RegoObject) || !(b instanceof RegoObject)) return b;
  const made = RegoObject.of(a.entries());
  for (const [key, value] of b.entries()) {
    const before = made.get(key);
    made.set(key, before === undefined ? value : unite(before, value));
  }
  return made;
}

function unionN(args: Args): RegoValue {
  return arrayAt(args, 0).reduce((all: RegoValue, item) => {
    if (!(item instanceof RegoObject)) throw elementError(0, args[0] as RegoValue, item, 'object');
    return unite(all, item);
  }, new RegoObject());
}

function isSubset(args: Args): RegoValue {
  const [whole, part] = args as [RegoValue, RegoValue];
  if (whole instanceof RegoObject && part instanceof RegoObject) return hasEntries(whole, part);
  if (whole instanceof RegoSet && part instanceof RegoSet) return part.members().every((member) => whole.has(member));
  if (isArray(whole) && isArray(part)) return hasRun(whole, part);
  if (isArray(whole) && part instanceof RegoSet)
    return part.members().every((m) => whole.some((item) => areEqual(item, m)));
  throw fault('eval_type_error', 'both arguments object.subset must be of the same type or array and set', undefined);
}

function hasEntries(whole: RegoObject, part: RegoObject): boolean {
  return part.entries().every(([key, value]) => {
    const found = whole.get(key);
    if (found === undefined) return false;
    if (found instanceof RegoObject && value instanceof RegoObject) return hasEntries(found, value);
    if (found instanceof RegoSet && value instanceof RegoSet)
      return value.members().every((member) => found.has(member));
    if (isArray(found) && isArray(value)) return hasRun(found, value);
    return areEqual(found, value);
  });
}

function hasRun(whole: readonly RegoValue[], part: readonly RegoValue[]): boolean {
  for (let at = 0; at + part.length <= whole.length; at += 1) {
    if (part.every((item, i) => areEqual(item, whole[at + i] as RegoValue))) return true;
  }
  return false;
}

/** A path is an array, or a JSON pointer of which the first slash may be missing. */
function pathOf(path: RegoValue, i: number): RegoValue[] {
  if (isArray(path)) return [...path];
  if (typeof path !== 'string')
    throw fault(
      'eval_type_error',
      `operand ${i + 1} must be one of {set, array} containing string paths or array of path segments but got ${typeOf(path)}`,
      undefined,
    );
  if (path === '') return [];
  return path
    .replace(/^\//, '')
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function pathsAt(args: Args, i: number): RegoValue[][] {
  return listAt(args, i).map((path) => pathOf(path, i));
}

/** Paths as a tree: null where one ends. */
type PathTree = Map<RegoValue, PathTree | null>;

function treeOf(paths: readonly RegoValue[][]): PathTree {
  const root: PathTree = new Map();
  for (const path of paths) {
    let node = root;
    for (const [i, key] of path.entries()) {
      const next = node.get(key);
      if (next === null) break;
      if (i === path.length - 1) node.set(key, null);
      else {
        const inner: PathTree = next ?? new Map<RegoValue, PathTree | null>();
        node.set(key, inner);
        node = inner;
      }
    }
  }
  return root;
}

function jsonFilter(args: Args): RegoValue {
  const object = objectAt(args, 0);
  const paths = pathsAt(args, 1);
  if (paths.length === 0) return new RegoObject();
  return keepPaths(object, treeOf(paths));
}

function keepPaths(value: RegoValue, tree: PathTree | null | undefined): RegoValue {
  if (tree === null || tree === undefined) return value;
  const pick = (key: RegoValue) => tree.get(key) ?? (tree.has(key) ? null : undefined);
  if (value instanceof RegoObject) {
    const kept = value.entries().filter(([key]) => tree.has(key));
    return RegoObject.of(kept.map(([key, entry]) => [key, keepPaths(entry, pick(key))]));
  }
  if (isArray(value))
    return value.flatMap((item, i) => (tree.has(String(i)) ? [keepPaths(item, pick(String(i)))] : []));
  if (value instanceof RegoSet)
    return RegoSet.of(
      value
        .members()
        .filter((m) => tree.has(m))
        .map((m) => keepPaths(m, pick(m))),
    );
  return value;
}

function jsonRemove(args: Args): RegoValue {
  const object = objectAt(args, 0);
  return dropPaths(object, treeOf(pathsAt(args, 1)));
}

function dropPaths(value: RegoValue, tree: PathTree): RegoValue {
  const drop = (key: RegoValue, inner: RegoValue): RegoValue[] => {
    const next = tree.get(key);
    if (next === null) return [];
    return [next === undefined ? inner : dropPaths(inner, next)];
  };
  if (value instanceof RegoObject) {
    return RegoObject.of(
      value.entries().flatMap(([key, entry]) => drop(key, entry).map((kept): [RegoValue, RegoValue] => [key, kept])),
    );
  }
  if (isArray(value)) return value.flatMap((item, i) => drop(String(i), item));
  if (value instanceof RegoSet) return RegoSet.of(value.members().flatMap((member) => drop(member, member)));
  return value;
}

/** JSON Patch (RFC 6902), also into sets. */
function jsonPatch(args: Args): RegoValue {
  let value = args[0] as RegoValue;
  for (const item of arrayAt(args, 1)) {
    if (!(item instanceof RegoObject)) throw elementError(1, args[1] as RegoValue, item, 'object');
    const patched = applyPatch(value, item);
    if (patched === undefined)
      throw builtinError(`path does not exist, or its value is not the tested one: ${formatValue(item)}`);
    value = patched;
  }
  return value;
}

function attributeOf(patch: RegoObject, name: string): RegoValue {
  const value = patch.get(name);
  if (value === undefined) throw builtinError(`missing '${name}' attribute`);
  return value;
}

function applyPatch(value: RegoValue, patch: RegoObject): RegoValue | undefined {
  const op = attributeOf(patch, 'op');
  const name = typeof op === 'string' ? op : typeOf(op);
  const path = pathOf(attributeOf(patch, 'path'), 1);
  switch (name) {
    case 'add':
      return addAt(value, path, attributeOf(patch, 'value'));
    case 'remove':
      return removeAt(value, path);
    case 'replace':
      return replaceAt(value, path, attributeOf(patch, 'value'));
    case 'move': {
      const from = pathOf(attributeOf(patch, 'from'), 1);
      const found = findAt(value, from);
      const without = found === undefined ? undefined : removeAt(value, from);
      return found === undefined || without === undefined ? undefined : addAt(without, path, found);
    }
    case 'copy': {
      const found = findAt(value, pathOf(attributeOf(patch, 'from'), 1));
      return found === undefined ? undefined : addAt(value, path, found);
    }
    case 'test': {
      const found = findAt(value, path);
      return found !== undefined && areEqual(found, attributeOf(patch, 'value')) ? value : undefined;
    }
    default:
      throw builtinError(`unrecognized op: '${name}'`);
  }
}

function indexOf(items: readonly RegoValue[], key: RegoValue): number | undefined {
  const text = typeof key === 'string' ? key : typeof key === 'number' ? String(key) : '';
  if (!/^(?:0|[1-9]\d*)$/.test(text)) return undefined;
  const index = Number(text);
  return index <= items.length ? index : undefined;
}

function childAt(value: RegoValue, key: RegoValue): RegoValue | undefined {
  if (!isArray(value)) return lookUp(value, key);
  const index = indexOf(value, key);
  return index === undefined ? undefined : value[index];
}

function findAt(value: RegoValue, path: readonly RegoValue[]): RegoValue | undefined {
  let found: RegoValue | undefined = value;
  for (const key of path) found = found === undefined ? undefined : childAt(found, key);
  return found;
}

/** Changes the parent of the place that a path ends at. */
function changeAt(
  value: RegoValue,
  path: readonly RegoValue[],
  change: (parent: RegoValue, key: RegoValue) => RegoValue | undefined,
): RegoValue | undefined {
  const [key, ...rest] = path;
  if (key === undefined) return undefined;
  if (rest.length === 0) return change(value, key);
  const child = childAt(value, key);
  const changed = child === undefined ? undefined : changeAt(child, rest, change);
  if (child === undefined || changed === undefined) return undefined;
  if (value instanceof RegoObject) return withEntry(value, key, changed);
  if (isArray(value)) return value.with(indexOf(value, key) ?? 0, changed);
  return value instanceof RegoSet
    ? RegoSet.of([...value.members().filter((m) => !areEqual(m, child)), changed])
    : undefined;
}

function withEntry(object: RegoObject, key: RegoValue, value: RegoValue): RegoObject {
  const made = RegoObject.of(object.entries());
  made.set(key, value);
  return made;
}

function addAt(value: RegoValue, path: readonly RegoValue[], added: RegoValue): RegoValue | undefined {
  if (path.length === 0) return added;
  return changeAt(value, path, (parent, key) => {
    if (parent instanceof RegoObject) return withEntry(parent, key, added);
    if (parent instanceof RegoSet) return areEqual(key, added) ? RegoSet.of([...parent.members(), added]) : undefined;
    if (!isArray(parent)) return undefined;
    const index = key === '-' ? parent.length : indexOf(parent, key);
    return index === undefined ? undefined : parent.toSpliced(index, 0, added);
  });
}

function removeAt(value: RegoValue, path: readonly RegoValue[]): RegoValue | undefined {
  if (path.length === 0) return null;
  return changeAt(value, path, (parent, key) => {
    if (childAt(parent, key) === undefined) return undefined;
    if (parent instanceof RegoObject) return RegoObject.of(parent.entries().filter(([k]) => !areEqual(k, key)));
    if (parent instanceof RegoSet) return RegoSet.of(parent.members().filter((member) => !areEqual(member, key)));
    return isArray(parent) ? parent.toSpliced(indexOf(parent, key) ?? 0, 1) : undefined;
  });
}

function replaceAt(value: RegoValue, path: readonly RegoValue[], added: RegoValue): RegoValue | undefined {
  if (path.length === 0) return added;
  return changeAt(value, path, (parent, key) => {
    if (childAt(parent, key) === undefined) return undefined;
    if (parent instanceof RegoObject) return withEntry(parent, key, added);
    if (parent instanceof RegoSet)
      return RegoSet.of([...parent.members().filter((member) => !areEqual(member, key)), added]);
    return isArray(parent) ? parent.with(indexOf(parent, key) ?? 0, added) : undefined;
  });
}

/** Each value in a document with its path; the relation `walk`. */
export function walk(args: Args, vm: Vm, emit: (value: RegoValue) => boolean): boolean {
  const visit = (path: readonly RegoValue[], value: RegoValue): boolean => {
    vm.step(1 + path.length);
    if (emit([path, value])) return true;
    if (isArray(value)) return value.some((item, i) => visit([...path, i], item));
    if (value instanceof RegoObject) return value.entries().some(([key, entry]) => visit([...path, key], entry));
    return value instanceof RegoSet && value.members().some((member) => visit([...path, member], member));
  };
  return visit([], args[0] as RegoValue);
}

function neighboursOf(graph: RegoObject, node: RegoValue): readonly RegoValue[] {
  const edges = graph.get(node);
  if (isArray(edges)) return edges;
  return edges instanceof RegoSet ? edges.members() : [];
}

function reachable(args: Args, vm: Vm): RegoValue {
  const graph = objectAt(args, 0);
  const queue = [...listAt(args, 1)];
  const found = new RegoSet();
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    vm.step();
    if (found.has(node) || graph.get(node) === undefined) continue;
    found.add(node);
    queue.push(...neighboursOf(graph, node));
  }
  return found;
}

/** Paths to where a graph ends or meets what was reached before; as in OPA, several such neighbours repeat the path. */
function reachablePaths(args: Args, vm: Vm): RegoValue {
  const graph = objectAt(args, 0);
  const found = new RegoSet();
  const visit = (node: RegoValue, before: readonly RegoValue[], reached: RegoSet): void => {
    vm.step(1 + before.length);
    vm.checkSize(found.size);
    if (graph.get(node) === undefined) {
      found.add(before);
      return;
    }
    const path = [...before, node];
    const next = neighboursOf(graph, node);
    if (next.length === 0) found.add(path);
    let repeated: RegoValue[] = [];
    for (const other of next) {
      if (reached.has(other)) {
        repeated = [...repeated, ...path];
        found.add(repeated);
      } else {
        reached.add(node);
        visit(other, path, reached);
      }
    }
  };
  for (const node of listAt(args, 1)) {
    if (graph.get(node) === undefined) continue;
    const next = neighboursOf(graph, node);
    if (next.length === 0) found.add([node]);
    for (const other of next) visit(other, [node], RegoSet.of([node]));
  }
  return found;
}

export const OBJECTS: Builtins = {
  'object.get': get,
  'object.keys': (args) => RegoSet.of(objectAt(args, 0).keys()),
  'object.filter': filter,
  'object.remove': remove,
  'object.union': (args) => unite(objectAt(args, 0), objectAt(args, 1)),
  'object.union_n': unionN,
  'object.subset': isSubset,
  'json.filter': jsonFilter,
  'json.remove': jsonRemove,
  'json.patch': jsonPatch,
  'graph.reachable': reachable,
  'graph.reachable_paths': reachablePaths,
};
