/**
 * Documents held against every rule of the OCI image specification 1.1 (its schemas and what they cannot say). Reading is more lenient:
 * the world holds images that break a rule and still mean one thing only. Other fields are allowed, as the specification demands.
 */
import {
  AppError,
  arrayOf,
  boolean,
  decodeJson,
  findDigest,
  mapOf,
  natural,
  object,
  oneOf,
  record,
  string,
  type Decoder,
} from '../core/index.ts';

export type DocumentKind = 'manifest' | 'index' | 'config' | 'descriptor' | 'layout';

/** RFC 6838 4.2. */
const MEDIA_TYPE = /^[A-Za-z0-9][\w!#$&^.+-]{0,126}\/[A-Za-z0-9][\w!#$&^.+-]{0,126}$/;
const DIGEST = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/;
/** RFC 3339. */
const TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Unlike `optional`, null is a value here, and mostly a wrong one. */
function absentOr<T>(item: Decoder<T>): Decoder<T | undefined> {
  return (value, path) => (value === undefined ? undefined : item(value, path));
}

function nullOr<T>(item: Decoder<T>): Decoder<T | null> {
  return (value, path) => (value === null ? null : item(value, path));
}

function text(expected: string, accepts: (value: string) => boolean): Decoder<string> {
  return (value, path) => {
    const found = string(value, path);
    if (accepts(found)) return found;
    throw new AppError('invalid-input', `${path}: expected ${expected}, found ${JSON.stringify(found.slice(0, 80))}`);
  };
}

const mediaType = text('a media type', (value) => MEDIA_TYPE.test(value));
const time = text('a time of RFC 3339', (value) => TIME.test(value));
const uri = text('an absolute URI', (value) => /^[A-Za-z][A-Za-z0-9+.-]*:/.test(value) && URL.canParse(value));
const base64 = text('padded base64', (value) => BASE64.test(value));
const assignment = text('NAME=VALUE', (value) => value.indexOf('=') > 0);
/** The hexadecimal digits of registered algorithms are in lower case and of the right number. */
const digest = text(
  'a digest',
  (value) => DIGEST.test(value) && (!/^sha(?:256|512):/.test(value) || findDigest(value) !== undefined),
);
const strings = arrayOf(string);
const annotations = absentOr(mapOf(string));
const two: Decoder<number> = (value, path) => {
  if (natural(value, path) === 2) return 2;
  throw new AppError('invalid-input', `${path}: expected 2, found ${JSON.stringify(value)}`);
};

const descriptorFields = {
  mediaType,
  size: natural,
  digest,
  urls: absentOr(arrayOf(uri)),
  data: absentOr(base64),
  artifactType: absentOr(mediaType),
  annotations,
};

const descriptor = object(descriptorFields);

const platform = object({
  architecture: string,
  os: string,
  'os.version': absentOr(string),
  'os.features': absentOr(strings),
  variant: absentOr(string),
});

const documentFields = {
  schemaVersion: two,
  mediaType: absentOr(mediaType),
  artifactType: absentOr(mediaType),
  subject: absentOr(descriptor),
  annotations,
};

const atLeastOne: Decoder<readonly unknown[]> = (value, path) => {
  const items = arrayOf(descriptor)(value, path);
  if (items.length > 0) return items;
  throw new AppError('invalid-input', `${path}: expected at least one layer, found none`);
};

const config = object({
  created: absentOr(time),
  author: absentOr(string),
  architecture: string,
  variant: absentOr(string),
  os: string,
  'os.version': absentOr(string),
  'os.features': absentOr(strings),
  config: absentOr(
    object({
      User: absentOr(string),
      ExposedPorts: absentOr(mapOf(record)),
      Env: absentOr(arrayOf(assignment)),
      Entrypoint: absentOr(nullOr(strings)),
      Cmd: absentOr(nullOr(strings)),
      Volumes: absentOr(nullOr(mapOf(record))),
      WorkingDir: absentOr(string),
      Labels: absentOr(nullOr(mapOf(string))),
      StopSignal: absentOr(string),
      ArgsEscaped: absentOr(boolean),
    }),
  ),
  rootfs: object({ type: oneOf('layers'), diff_ids: arrayOf(digest) }),
  history: absentOr(
    arrayOf(
      object({
        created: absentOr(time),
        author: absentOr(string),
        created_by: absentOr(string),
        comment: absentOr(string),
        empty_layer: absentOr(boolean),
      }),
    ),
  ),
});

const DECODERS: Readonly<Record<DocumentKind, Decoder<unknown>>> = {
  manifest: object({ ...documentFields, config: descriptor, layers: atLeastOne }),
  index: object({
    ...documentFields,
    manifests: arrayOf(object({ ...descriptorFields, platform: absentOr(platform) })),
  }),
  config,
  descriptor,
  layout: object({ imageLayoutVersion: oneOf('1.0.0') }),
};

/** What breaks a rule of the specification, in one line; undefined when nothing does. */
export function findFault(kind: DocumentKind, bytes: Uint8Array | string, what: string): string | undefined {
  try {
    decodeJson(bytes, DECODERS[kind], { what });
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}
