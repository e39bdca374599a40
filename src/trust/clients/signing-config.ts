/**
 * Which services to sign with (signing configuration of Sigstore, version 0.2): among those that are valid now, of the highest version
 * that is spoken here, at most one per operator; as many as the configuration asks for.
 */
import { AppError, arrayOf, decodeJson, natural, object, oneOf, optional, string } from '../../core/index.ts';
import type { LogService } from './rekor.ts';

export interface SigningServices {
  readonly fulcio: string | undefined;
  readonly oidc: string | undefined;
  readonly logs: readonly LogService[];
  /** Whole addresses. */
  readonly timestamps: readonly string[];
}

const MEDIA_TYPE = 'application/vnd.dev.sigstore.signingconfig.v0.2+json';
const MAX_CONFIG_BYTES = 1024 * 1024;
const MAX_SERVICES = 64;

const time = (value: unknown, path: string): string => {
  const text = string(value, path);
  if (!Number.isNaN(Date.parse(text))) return text;
  throw new AppError('invalid-input', `${path}: expected an RFC 3339 time, found "${text}"`);
};
const service = object({
  url: string,
  majorApiVersion: natural,
  operator: optional(string),
  validFor: object({ start: time, end: optional(time) }),
});
const services = optional(arrayOf(service, MAX_SERVICES));
const selection = optional(object({ selector: oneOf('ANY', 'ALL', 'EXACT'), count: optional(natural) }));
const configuration = object({
  mediaType: string,
  caUrls: services,
  oidcUrls: services,
  rekorTlogUrls: services,
  rekorTlogConfig: selection,
  tsaUrls: services,
  tsaConfig: selection,
});

type Service = ReturnType<typeof service>;

/** The document as it stands. Throws `invalid-input` naming `what`. */
export function decodeSigningConfig(text: Uint8Array | string, what: string): ReturnType<typeof configuration> {
  const found = decodeJson(text, configuration, { what, maxBytes: MAX_CONFIG_BYTES });
  if (found.mediaType === MEDIA_TYPE) return found;
  throw new AppError('invalid-input', `${what}.mediaType: expected ${MEDIA_TYPE}, found ${found.mediaType}`);
}

/** Throws `invalid-input` naming `what`; also when the configuration asks for more services than it has. */
export function parseSigningConfig(text: Uint8Array, what: string, at: Date): SigningServices {
  const found = decodeSigningConfig(text, what);
  const pick = (list: readonly Service[] | undefined, versions: readonly number[]) => usable(list ?? [], versions, at);
  const logs = select(pick(found.rekorTlogUrls, [2, 1]), found.rekorTlogConfig, `${what}.rekorTlogUrls`);
  const stamps = select(pick(found.tsaUrls, [1]), found.tsaConfig, `${what}.tsaUrls`);
  return {
    fulcio: pick(found.caUrls, [1])[0]?.url,
    oidc: pick(found.oidcUrls, [1])[0]?.url,
    logs: logs.map(({ url, majorApiVersion }) => ({ url, version: majorApiVersion === 2 ? 2 : 1 })),
    timestamps: stamps.map(({ url }) => url),
  };
}

/** Of the highest version of which there is one; of each operator the one that began last. */
function usable(list: readonly Service[], versions: readonly number[], at: Date): readonly Service[] {
  const now = at.getTime();
  const valid = list.filter(
    ({ validFor: { start, end } }) => Date.parse(start) <= now && (end === undefined || now <= Date.parse(end)),
  );
  const version = versions.find((wanted) => valid.some(({ majorApiVersion }) => majorApiVersion === wanted));
  const newestFirst = valid
    .filter(({ majorApiVersion }) => majorApiVersion === version)
    .toSorted((one, other) => Date.parse(other.validFor.start) - Date.parse(one.validFor.start));
  const operators = new Set<string>();
  return newestFirst.filter(({ operator, url }) => {
    const name = operator ?? url;
    return !operators.has(name) && operators.add(name);
  });
}

function select(list: readonly Service[], config: ReturnType<typeof selection>, path: string): readonly Service[] {
  if (list.length === 0) return [];
  const { selector = 'ANY', count = 1 } = config ?? {};
  if (selector === 'ALL') return list;
  const wanted = selector === 'ANY' ? 1 : count;
  if (list.length < wanted)
    throw new AppError('invalid-input', `${path}: expected ${wanted} services, found ${list.length}`);
  return list.slice(0, wanted);
}
