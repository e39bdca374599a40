/** What readers of formats share: the source package, ids, the distribution from whatever a foreign document has. */
import { findDigest, isRecord, parseShallowJson, pushAll } from '../../core/index.ts';
import type { SkippedFile } from '../../core/index.ts';
import { findPurl } from '../ecosystem/index.ts';
import type { Distro, Purl } from '../ecosystem/index.ts';
import { BASE_EVIDENCE, COMPONENT_KINDS, HASH_ALGORITHMS, isHash } from './sbom.ts';
import type { BaseImage, Component, Hash, LicenceText, Sbom, SbomLayer } from './sbom.ts';

/** Ceiling of components read from one document: the largest real images have some tens of thousands. */
export const MAX_COMPONENTS = 500_000;

/** The source package from the `upstream` qualifier that Syft writes: `name` or `name@version`. */
export function sourceOfPurl(purl: Purl | undefined, version: string): Component['source'] {
  const upstream = purl?.qualifiers.get('upstream');
  if (upstream === undefined || purl?.type === 'rpm') return undefined;
  const at = upstream.lastIndexOf('@');
  return at > 0 ? { name: upstream.slice(0, at), version: upstream.slice(at + 1) } : { name: upstream, version };
}

/** Undefined where the document of SPDX says that it says nothing. */
export function asserted(text: string | undefined): string | undefined {
  return ['NOASSERTION', 'NONE', ''].includes(text ?? '') ? undefined : text;
}

/** None where the algorithm is another, or the value cannot be of it. Named `SHA256` in SPDX 2, `sha256` in 3, `SHA-256` in CycloneDX. */
export function readHash(name: string | undefined, value: string | undefined): readonly Hash[] {
  const folded = name?.toLowerCase().replace('-', '');
  const algorithm = HASH_ALGORITHMS.find((known) => known === folded);
  if (algorithm === undefined || value === undefined) return [];
  return [{ algorithm, value: value.toLowerCase() }].filter(isHash);
}

/** Ids, each with the number behind the last one that was made of it. */
export type TakenIds = Map<string, number>;

/** Makes ids unique: foreign documents name one package several times, hostile ones a hundred thousand times. */
export function uniqueId(wanted: string, taken: TakenIds): string {
  let count = taken.get(wanted) ?? 0;
  let id = wanted;
  while (taken.has(id)) id = `${wanted}#${++count}`;
  taken.set(wanted, Math.max(count, 1)).set(id, 1);
  return id;
}

/** All of a list, each with what is within it behind it. An explicit stack: documents nest as deep as their text is long. */
export function flattenNested<T>(list: readonly T[], within: (one: T) => readonly T[]): readonly T[] {
  const result: T[] = [];
  const waiting = list.toReversed();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    result.push(next);
    pushAll(waiting, within(next).toReversed());
  }
  return result;
}

/** As `linux/arm/v7` or `windows/amd64:10.0`; undefined for what is none. */
export function findPlatform(text: string): string | undefined {
  return /^[a-z\d]+\/[a-z\d_]+(?:\/[a-z\d.]+)?(?::[\w.-]+)?$/.test(text) ? text : undefined;
}

/** The distribution from a foreign document's OS packages, whose package URLs name it. */
export function guessDistro(components: readonly Component[]): Distro | undefined {
  for (const component of components) {
    const purl = findPurl(component.purl ?? '');
    const distro = purl === undefined ? undefined : distroOfPurl(purl);
    if (distro !== undefined) return distro;
  }
  return undefined;
}

function distroOfPurl(purl: Purl): Distro | undefined {
  if (!['deb', 'apk', 'rpm'].includes(purl.type) || purl.namespace === undefined) return undefined;
  const text = purl.qualifiers.get('distro');
  const versionId = text === undefined ? undefined : /(?:^|-)(\d[\w.]*)$/.exec(text)?.[1];
  return versionId === undefined ? undefined : { id: purl.namespace, versionId };
}

export function decodeDistro(value: unknown): Distro | undefined {
  if (!isRecord(value) || typeof value.id !== 'string') return undefined;
  const text = (key: string) => (typeof value[key] === 'string' ? { [key]: value[key] } : {});
  const idLike = Array.isArray(value.idLike) ? value.idLike.filter((id) => typeof id === 'string') : undefined;
  return {
    id: value.id,
    ...text('versionId'),
    ...text('codename'),
    ...text('prettyName'),
    ...(idLike === undefined ? {} : { idLike }),
    ...(value.isExtended === true ? { isExtended: true } : {}),
  };
}

export function decodeSkipped(values: readonly unknown[]): readonly SkippedFile[] {
  return values.flatMap((value) =>
    isRecord(value) && typeof value.path === 'string' && typeof value.reason === 'string'
      ? [{ path: value.path, reason: value.reason }]
      : [],
  );
}

export function decodeLayer(value: unknown): readonly SbomLayer[] {
  if (!isRecord(value)) return [];
  const { index, digest, diffId, instruction } = value;
  if (typeof index !== 'number' || typeof digest !== 'string' || typeof diffId !== 'string') return [];
  const told = typeof instruction === 'string' ? { instruction } : {};
  return [{ index, digest, diffId, ...told, isBase: value.isBase === true }];
}

export function decodeBase(value: unknown): BaseImage | undefined {
  const foundBy = isRecord(value) ? BASE_EVIDENCE.find((known) => known === value.foundBy) : undefined;
  if (!isRecord(value) || foundBy === undefined) return undefined;
  const digest = findDigest(String(value.digest));
  return {
    ...(typeof value.name === 'string' ? { name: value.name } : {}),
    ...(digest === undefined ? {} : { digest }),
    foundBy,
    isExcluded: value.isExcluded === true,
  };
}

/** Of a JSON text; a foreign one that only looks like ours gives none. */
export function decodeText(json: string): readonly LicenceText[] {
  const value = tryJson(json);
  return isRecord(value) && typeof value.licence === 'string' && typeof value.text === 'string'
    ? [{ licence: value.licence, text: value.text }]
    : [];
}

/** Undefined where the text is none. */
export function tryJson(text: string): unknown {
  try {
    return parseShallowJson(text);
  } catch {
    // A property of a foreign document that only looks like ours.
    return undefined;
  }
}

export type DraftSbom = Omit<Sbom, 'distro'> & { readonly distro: Distro | undefined };

/** Leaves the field out where there is nothing to say. */
export function withDistro({ distro, ...rest }: DraftSbom): Sbom {
  return distro === undefined ? rest : { ...rest, distro };
}

/** The kind that a format's word means; all others are libraries, which is what most components are. */
export function readKind(word: string | undefined): Component['kind'] {
  return COMPONENT_KINDS.find((kind) => kind === word) ?? 'library';
}
