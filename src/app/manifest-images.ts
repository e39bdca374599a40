/** Which images Kubernetes manifests would have nodes run. */
import { isRecord, mismatch, parseYamlDocuments } from '../core/index.ts';
import { findImages, findPodSpecs } from '../cluster/index.ts';

/** Ceiling of objects in one manifest file. */
const MAX_OBJECTS = 5000;

type Json = Readonly<Record<string, unknown>>;

/** A manifest's objects, those inside of lists among them. Throws `invalid-input` for what is no manifest. */
export function readManifestObjects(text: string, what: string): readonly Json[] {
  return parseYamlDocuments(text, what, MAX_OBJECTS).flatMap(expandList);
}

/** A pod that runs just this image. */
export function podOf(image: string): Json {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'image' },
    spec: { containers: [{ name: 'image', image }] },
  };
}

/**
 * References in the order of the file, each once; of kinds that are not known, those of everything that looks like a pod spec. Throws
 * `invalid-input` for what is no manifest.
 */
export function findManifestImages(text: string, what: string): readonly string[] {
  return [...new Set(readManifestObjects(text, what).flatMap(imagesOf))];
}

/** As `findManifestImages`, of one object. */
export function imagesOf(object: Json): readonly string[] {
  const known = findImages(object);
  if (known !== undefined) return known.map(({ image }) => image);
  return findPodSpecs(object).flatMap((pointer) => {
    const spec = valueAt(object, pointer);
    return (findImages({ apiVersion: 'v1', kind: 'Pod', spec }) ?? []).map(({ image }) => image);
  });
}

/** By JSON pointer (RFC 6901). */
function valueAt(object: unknown, pointer: string): unknown {
  let value = object;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    value = (value as Json | undefined)?.[key];
  }
  return value;
}

/** A list is what it holds; in those of one kind, as the API server answers with, the objects do not repeat what they are. */
function expandList({ value, where }: { readonly value: Json; readonly where: string }): readonly Json[] {
  const { apiVersion, kind, items } = value;
  if (kind !== 'List' && !(typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items))) return [value];
  if (!Array.isArray(items)) throw mismatch(`${where}.items`, 'a list of objects', items);
  const known = kind === 'List' ? {} : { apiVersion, kind: kind.slice(0, -'List'.length) };
  return items.flatMap((item: unknown, index) => {
    const at = `${where}.items[${index}]`;
    if (!isRecord(item)) throw mismatch(at, 'an object', item);
    return expandList({ value: { ...known, ...item }, where: at });
  });
}
