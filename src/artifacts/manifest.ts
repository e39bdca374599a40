/**
 * Manifests and indexes of the OCI image specification 1.1 and Docker schema 2, read from their exact bytes.
 * Not done: Docker schema 1 (refused), the OCI artifact manifest of the 1.1 release candidates.
 */
import {
  algorithmOf,
  AppError,
  arrayOf,
  decodeJson,
  digestOf,
  isRecord,
  mapOf,
  natural,
  object,
  optional,
  parseDigest,
  parseJson,
  string,
  type Decoder,
  type Descriptor,
  type Digest,
  type DigestAlgorithm,
  type Platform,
} from '../core/index.ts';
import {
  isIndexType,
  isSchema1,
  mediaTypeOf,
  MANIFEST_TYPES,
  OCI_EMPTY,
  OCI_INDEX,
  OCI_MANIFEST,
} from './media-types.ts';
import type { Manifest } from './repository.ts';

/** As the distribution specification demands of registries; larger ones cannot be moved anyway. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const MAX_CHILDREN = 10_000;
/** Of manifests and indexes together: what is the one must not be the other to anybody. */
const DOCUMENT_FIELDS = [
  'schemaVersion',
  'mediaType',
  'artifactType',
  'config',
  'layers',
  'manifests',
  'subject',
  'annotations',
];

/** The content of `{}` that stands where the specification demands a descriptor and there is nothing. */
export const EMPTY_CONTENT = new TextEncoder().encode('{}');
export const EMPTY_DESCRIPTOR: Descriptor = { mediaType: OCI_EMPTY, digest: digestOf(EMPTY_CONTENT), size: 2 };

export interface ImageManifest {
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface ImageIndex {
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly manifests: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations: Readonly<Record<string, string>>;
}

export const digest: Decoder<Digest> = (value, path) => {
  try {
    return parseDigest(string(value, path));
  } catch (cause) {
    throw new AppError('invalid-input', `${path}: ${cause instanceof Error ? cause.message : 'bad digest'}`, { cause });
  }
};

/**
 * Go programs, containerd among them, take `Layers` for `layers`, and the last one counts: a document with such a name is one thing
 * to them and another to us. `names` are those that mean something in this place. Throws `invalid-input`.
 */
export function refuseAliases(value: unknown, names: readonly string[], path: string): void {
  if (!isRecord(value)) return;
  const known = new Map(names.map((name) => [foldCase(name), name]));
  for (const key of Object.keys(value)) {
    const name = known.get(foldCase(key));
    if (name === undefined || name === key) continue;
    throw new AppError(
      'invalid-input',
      `${path}: expected ${name}, found ${JSON.stringify(key)}, which some take for it`,
    );
  }
}

/** Of all letters that Go holds for the same, U+017F (long s) and U+212A (Kelvin) are outside ASCII. */
function foldCase(name: string): string {
  return name.toUpperCase().toLowerCase();
}

function unambiguous<F extends Parameters<typeof object>[0]>(fields: F) {
  const decode = object(fields);
  return (value: unknown, path: string) => {
    refuseAliases(value, Object.keys(fields), path);
    return decode(value, path);
  };
}

const platformFields = unambiguous({
  os: string,
  architecture: string,
  variant: optional(string),
  'os.version': optional(string),
  'os.features': optional(arrayOf(string)),
});

const platform: Decoder<Platform> = (value, path) => {
  const { os, architecture, variant, ...rest } = platformFields(value, path);
  const version = rest['os.version'];
  const features = rest['os.features'];
  return {
    os,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    ...(version === undefined ? {} : { osVersion: version }),
    ...(features === undefined ? {} : { osFeatures: features }),
  };
};

const descriptorFields = unambiguous({
  mediaType: string,
  digest,
  size: natural,
  artifactType: optional(string),
  annotations: optional(mapOf(string)),
  platform: optional(platform),
  urls: optional(arrayOf(string)),
  data: optional(string),
});

export const descriptor: Decoder<Descriptor> = (value, path) => definedOnly(descriptorFields(value, path));

/** A descriptor in the form of the specification's JSON. */
export function encodeDescriptor(value: Descriptor): Record<string, unknown> {
  const { platform: runsOn, ...rest } = value;
  if (runsOn === undefined) return { ...rest };
  const { osVersion, osFeatures, ...plain } = runsOn;
  return {
    ...rest,
    platform: {
      ...plain,
      ...(osVersion === undefined ? {} : { 'os.version': osVersion }),
      ...(osFeatures === undefined ? {} : { 'os.features': osFeatures }),
    },
  };
}

/**
 * Gives bytes from outside their descriptor. `contentType` is what the source says (undefined when it says nothing);
 * `what` names the source in errors. Throws `invalid-input` for schema 1, ambiguous documents and types that contradict.
 */
export function readManifest(
  bytes: Uint8Array,
  contentType: string | undefined,
  what: string,
  algorithm: DigestAlgorithm = 'sha256',
): Manifest {
  const said = contentType === undefined ? '' : mediaTypeOf(contentType);
  const document = parseJson(bytes, { what, maxBytes: MAX_MANIFEST_BYTES });
  if (!isRecord(document)) throw new AppError('invalid-input', `${what}: expected a manifest, found another document`);
  if (isSchema1(said) || document.schemaVersion === 1) {
    throw new AppError('invalid-input', `${what}: docker schema 1 manifests are not supported, push the image anew`);
  }
  // CVE-2021-41190: a document that reads as both kinds means different things to different clients
  if (document.layers !== undefined && document.manifests !== undefined) {
    throw new AppError('invalid-input', `${what}: expected layers or manifests, found both in one document`);
  }
  refuseAliases(document, DOCUMENT_FIELDS, what);
  const mediaType = typeOf(document, said, what);
  const { artifactType } = document;
  return {
    bytes,
    descriptor: {
      mediaType,
      digest: digestOf(bytes, algorithm),
      size: bytes.length,
      ...(typeof artifactType === 'string' && artifactType !== '' ? { artifactType } : {}),
    },
  };
}

function typeOf(document: Readonly<Record<string, unknown>>, said: string, what: string): string {
  const inside = typeof document.mediaType === 'string' ? document.mediaType : '';
  const isSpecific = (MANIFEST_TYPES as readonly string[]).includes(said);
  if (inside !== '' && isSpecific && said !== inside) {
    throw new AppError('invalid-input', `${what}: expected media type ${said} as announced, found ${inside} inside`);
  }
  const type = inside || (isSpecific ? said : Array.isArray(document.manifests) ? OCI_INDEX : OCI_MANIFEST);
  if ((MANIFEST_TYPES as readonly string[]).includes(type)) {
    const isIndex = Array.isArray(document.manifests);
    if (isIndex !== isIndexType(type))
      throw new AppError('invalid-input', `${what}: its content is not of type ${type}`);
    return type;
  }
  throw new AppError(
    'invalid-input',
    `${what}: expected an image manifest or index, found ${JSON.stringify(type.slice(0, 200))}`,
  );
}

const manifestFields = object({
  artifactType: optional(string),
  config: descriptor,
  layers: arrayOf(descriptor, MAX_CHILDREN),
  subject: optional(descriptor),
  annotations: optional(mapOf(string)),
});

const indexFields = object({
  artifactType: optional(string),
  manifests: arrayOf(descriptor, MAX_CHILDREN),
  subject: optional(descriptor),
  annotations: optional(mapOf(string)),
});

/** Throws `invalid-input` for an index or a malformed manifest. */
export function parseImageManifest(manifest: Manifest): ImageManifest {
  const { mediaType, digest: itself } = manifest.descriptor;
  const what = `manifest ${itself}`;
  if (isIndexType(mediaType))
    throw new AppError('invalid-input', `${what}: expected an image manifest, found an index`);
  const fields = decodeJson(manifest.bytes, manifestFields, { what });
  return { ...definedOnly(fields), mediaType, annotations: fields.annotations ?? {} };
}

/** Throws `invalid-input` for an image manifest or a malformed index. */
export function parseImageIndex(manifest: Manifest): ImageIndex {
  const { mediaType, digest: itself } = manifest.descriptor;
  const what = `index ${itself}`;
  if (!isIndexType(mediaType))
    throw new AppError('invalid-input', `${what}: expected an index, found an image manifest`);
  const fields = decodeJson(manifest.bytes, indexFields, { what });
  return { ...definedOnly(fields), mediaType, annotations: fields.annotations ?? {} };
}

/** The manifest's or index's subject, and its annotations. */
export function readSubject(manifest: Manifest): Pick<ImageManifest, 'subject' | 'annotations'> {
  return isIndexType(manifest.descriptor.mediaType) ? parseImageIndex(manifest) : parseImageManifest(manifest);
}

/** A descriptor's own `data` when it is what size and digest say; a wrong one is ignored, as if it were absent. */
export function embeddedContent(value: Descriptor): Uint8Array | undefined {
  if (value.data === undefined) return undefined;
  const content = Buffer.from(value.data, 'base64');
  const matches = content.length === value.size && digestOf(content, algorithmOf(value.digest)) === value.digest;
  return matches ? content : undefined;
}

/** How a referrer list shows this manifest: its own artifact type, else its config's media type; an index only its own. */
export function referrerEntryOf(manifest: Manifest): Descriptor {
  const { descriptor: own } = manifest;
  const isIndex = isIndexType(own.mediaType);
  const { annotations } = readSubject(manifest);
  const artifactType = own.artifactType ?? (isIndex ? undefined : parseImageManifest(manifest).config.mediaType);
  return {
    ...own,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
}

type Defined<T> = { readonly [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  readonly [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Leaves absent fields absent instead of undefined. */
function definedOnly<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as Defined<T>;
}
