/** Trusted roots and signing configurations: made from keys, certificates and addresses, and looked at before something in them ends. */
import { AppError, decodeJson, record, type Ports } from '../core/index.ts';
import {
  createSigningConfig,
  createTrustedRoot,
  describeSigningConfig,
  describeTrustedRoot,
  type Member,
  type SigningConfigInput,
  type TrustedServicesInput,
} from '../trust/index.ts';
import { getTrustMaterial, type TrustMaterial } from './trust-material.ts';

/** Trusted roots of the field have ten kilobytes, lists of authorities a hundred. */
const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;
const DAY_MS = 24 * 60 * 60 * 1000;

type Kind = 'fulcio' | 'rekor' | 'ctfe' | 'tsa' | 'oidc';

/** Where what is not given comes from. */
interface BaseInput {
  /** Initialized trust material. */
  readonly usesDefaults: boolean;
  /** Kinds of the base to leave out. */
  readonly without: readonly Kind[];
}

/** Each service as `key=value,key=value`, as cosign has them. */
export interface CreateRootInput extends BaseInput {
  readonly fulcio: readonly string[];
  readonly rekor: readonly string[];
  readonly ctfe: readonly string[];
  readonly tsa: readonly string[];
}

const ROOT_FIELDS: Readonly<Partial<Record<Kind, string>>> = {
  fulcio: 'certificateAuthorities',
  rekor: 'tlogs',
  ctfe: 'ctlogs',
  tsa: 'timestampAuthorities',
};

/** Throws `usage` for a malformed description of a service, `invalid-input` for files that are not what they should be. */
export async function makeTrustedRoot(ports: Ports, input: CreateRootInput, signal?: AbortSignal): Promise<string> {
  const { fulcio, rekor, ctfe, tsa } = input;
  const read = async (path: string): Promise<string> =>
    new TextDecoder().decode(await ports.files.read(path, MAX_DOCUMENT_BYTES));
  const authorities = async (texts: readonly string[], flag: string) => {
    const parsed = texts.map((text) =>
      parseService(text, flag, ['url', 'certificate-chain'], ['start-time', 'end-time']),
    );
    return await Promise.all(
      parsed.map(async (pairs) => ({
        url: pairs['url'] ?? '',
        chain: await read(pairs['certificate-chain'] ?? ''),
        start: pairs['start-time'],
        end: pairs['end-time'],
      })),
    );
  };
  const logs = async (texts: readonly string[], flag: string) => {
    const parsed = texts.map((text) =>
      parseService(text, flag, ['url', 'public-key', 'start-time'], ['end-time', 'origin']),
    );
    return await Promise.all(
      parsed.map(async (pairs) => ({
        url: pairs['url'] ?? '',
        publicKey: await read(pairs['public-key'] ?? ''),
        start: pairs['start-time'] ?? '',
        end: pairs['end-time'],
        origin: pairs['origin'],
      })),
    );
  };
  const services: TrustedServicesInput = {
    fulcio: given(await authorities(fulcio, '--fulcio')),
    rekor: given(await logs(rekor, '--rekor')),
    ctfe: given(await logs(ctfe, '--ctfe')),
    tsa: given(await authorities(tsa, '--tsa')),
  };
  const base = await openBase(ports, input, { fields: ROOT_FIELDS, of: (material) => material.trustedRoot, signal });
  return `${JSON.stringify(createTrustedRoot(services, base))}\n`;
}

export interface CreateConfigInput extends BaseInput {
  readonly fulcio: readonly string[];
  readonly oidc: readonly string[];
  readonly rekor: readonly string[];
  readonly rekorConfig: string | undefined;
  readonly tsa: readonly string[];
  readonly tsaConfig: string | undefined;
}

const CONFIG_FIELDS: Readonly<Partial<Record<Kind, string>>> = {
  fulcio: 'caUrls',
  oidc: 'oidcUrls',
  rekor: 'rekorTlogUrls',
  tsa: 'tsaUrls',
};

/** Throws as makeTrustedRoot does. */
export async function makeSigningConfig(ports: Ports, input: CreateConfigInput, signal?: AbortSignal): Promise<string> {
  const { rekorConfig, tsaConfig } = input;
  if (input.rekor.length > 0 && rekorConfig === undefined)
    throw new AppError('usage', '--rekor: expected --rekor-config beside it, found none');
  if (input.tsa.length > 0 && tsaConfig === undefined)
    throw new AppError('usage', '--tsa: expected --tsa-config beside it, found none');
  const services = (texts: readonly string[], flag: string) =>
    given(
      texts.map((text) => {
        const pairs = parseService(text, flag, ['url', 'api-version', 'start-time', 'operator'], ['end-time']);
        const apiVersion = Number(pairs['api-version']);
        if (!Number.isSafeInteger(apiVersion) || apiVersion < 1)
          throw new AppError(
            'usage',
            `${flag}: expected a whole number as api-version, found "${pairs['api-version']}"`,
          );
        return {
          url: pairs['url'] ?? '',
          apiVersion,
          start: pairs['start-time'] ?? '',
          end: pairs['end-time'],
          operator: pairs['operator'] ?? '',
        };
      }),
    );
  const config: SigningConfigInput = {
    fulcio: services(input.fulcio, '--fulcio'),
    oidc: services(input.oidc, '--oidc-provider'),
    rekor: services(input.rekor, '--rekor'),
    rekorConfig,
    tsa: services(input.tsa, '--tsa'),
    tsaConfig,
  };
  const base = await openBase(ports, input, {
    fields: CONFIG_FIELDS,
    of: (material) => material.signingConfig,
    signal,
  });
  return `${JSON.stringify(createSigningConfig(config, base))}\n`;
}

export interface InspectInput {
  /** A path; initialized material when absent. */
  readonly file?: string | undefined;
  readonly withinDays: number;
  readonly offline: boolean;
}

export interface Inspection {
  /** A path, or the mirror it came from. */
  readonly source: string;
  readonly members: readonly Member[];
  /** Only of initialized material. */
  readonly material: TrustMaterial | undefined;
}

export async function inspectTrustedRoot(ports: Ports, input: InspectInput, signal?: AbortSignal): Promise<Inspection> {
  return await inspect(ports, input, { of: (material) => material.trustedRoot, describe: describeTrustedRoot, signal });
}

export async function inspectSigningConfig(
  ports: Ports,
  input: InspectInput,
  signal?: AbortSignal,
): Promise<Inspection> {
  return await inspect(ports, input, {
    of: (material) => material.signingConfig,
    describe: describeSigningConfig,
    signal,
  });
}

interface Inspected {
  readonly of: (material: TrustMaterial) => Uint8Array | undefined;
  readonly describe: typeof describeTrustedRoot;
  readonly signal: AbortSignal | undefined;
}

async function inspect(ports: Ports, input: InspectInput, { of, describe, signal }: Inspected): Promise<Inspection> {
  const { file, offline, withinDays } = input;
  const moment = { at: ports.clock(), within: withinDays * DAY_MS };
  if (file !== undefined) {
    return {
      source: file,
      members: describe(await ports.files.read(file, MAX_DOCUMENT_BYTES), file, moment),
      material: undefined,
    };
  }
  const material = await getTrustMaterial(ports, { offline, signal });
  return { source: material.mirror, members: describe(getDocument(material, of), material.mirror, moment), material };
}

interface Base {
  /** What the document calls each kind. */
  readonly fields: Readonly<Partial<Record<Kind, string>>>;
  readonly of: (material: TrustMaterial) => Uint8Array | undefined;
  readonly signal: AbortSignal | undefined;
}

async function openBase(
  ports: Ports,
  input: BaseInput,
  { fields, of, signal }: Base,
): Promise<Readonly<Record<string, unknown>>> {
  if (!input.usesDefaults) return {};
  const material = await getTrustMaterial(ports, { signal });
  const document = decodeJson(getDocument(material, of), record, { what: material.mirror });
  const dropped = input.without.map((kind) => fields[kind]);
  return Object.fromEntries(Object.entries(document).filter(([field]) => !dropped.includes(field)));
}

function getDocument(material: TrustMaterial, of: Base['of']): Uint8Array {
  const document = of(material);
  if (document !== undefined) return document;
  throw new AppError('not-found', `${material.mirror}: expected a signing configuration, found none`);
}

function given<T>(entries: readonly T[]): readonly T[] | undefined {
  return entries.length === 0 ? undefined : entries;
}

function parseService(
  text: string,
  flag: string,
  required: readonly string[],
  optional: readonly string[],
): Readonly<Record<string, string | undefined>> {
  const pairs: Record<string, string> = {};
  for (const pair of text.split(',')) {
    const [, key = '', value = ''] = /^\s*([a-z-]+)=(.*)$/.exec(pair) ?? [];
    if (![...required, ...optional].includes(key))
      throw new AppError(
        'usage',
        `${flag}: expected one of ${[...required, ...optional].join(', ')} as KEY=VALUE, found "${pair}"`,
      );
    pairs[key] = value.trim();
  }
  for (const key of required)
    if ((pairs[key] ?? '') === '') throw new AppError('usage', `${flag}: expected ${key}=VALUE, found none`);
  return pairs;
}
