/** Makes signing configurations of Sigstore (version 0.2) in the form that cosign writes. */
import { AppError } from '../../core/index.ts';
import { decodeSigningConfig } from './signing-config.ts';

export interface ServiceInput {
  readonly url: string;
  readonly apiVersion: number;
  /** RFC 3339. */
  readonly start: string;
  readonly end?: string | undefined;
  readonly operator: string;
}

/** A kind that is absent stays as it is in the base. Choices are `ANY`, `ALL` or `EXACT:N`. */
export interface SigningConfigInput {
  readonly fulcio?: readonly ServiceInput[] | undefined;
  readonly oidc?: readonly ServiceInput[] | undefined;
  readonly rekor?: readonly ServiceInput[] | undefined;
  readonly rekorConfig?: string | undefined;
  readonly tsa?: readonly ServiceInput[] | undefined;
  readonly tsaConfig?: string | undefined;
}

const MEDIA_TYPE = 'application/vnd.dev.sigstore.signingconfig.v0.2+json';

/** Throws `usage` for a choice that is none, `invalid-input` for what could not be read again. */
export function createSigningConfig(
  input: SigningConfigInput,
  base: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const { fulcio, oidc, rekor, rekorConfig, tsa, tsaConfig } = input;
  const document = {
    mediaType: MEDIA_TYPE,
    ...base,
    ...(fulcio === undefined ? {} : { caUrls: fulcio.map(serviceOf) }),
    ...(oidc === undefined ? {} : { oidcUrls: oidc.map(serviceOf) }),
    ...(rekor === undefined ? {} : { rekorTlogUrls: rekor.map(serviceOf) }),
    ...(rekorConfig === undefined ? {} : { rekorTlogConfig: choiceOf(rekorConfig, '--rekor-config') }),
    ...(tsa === undefined ? {} : { tsaUrls: tsa.map(serviceOf) }),
    ...(tsaConfig === undefined ? {} : { tsaConfig: choiceOf(tsaConfig, '--tsa-config') }),
  };
  decodeSigningConfig(JSON.stringify(document), 'signing configuration');
  return document;
}

function serviceOf({ url, apiVersion, start, end, operator }: ServiceInput): unknown {
  return { url, majorApiVersion: apiVersion, validFor: { start, ...(end === undefined ? {} : { end }) }, operator };
}

function choiceOf(text: string, what: string): unknown {
  if (text === 'ANY' || text === 'ALL') return { selector: text };
  const count = Number(/^EXACT:([1-9]\d?)$/.exec(text)?.[1]);
  if (!Number.isNaN(count)) return { selector: 'EXACT', count };
  throw new AppError('usage', `${what}: expected ANY, ALL or EXACT:N, found "${text}"`);
}
