/** Opens what signs: a key, or a key of this run that is certified for who an OpenID token is for; and what vouches for signatures. */
import { AppError, type Ports } from '../core/index.ts';
import {
  createKeylessSigner,
  createVoucher,
  MAX_CHAIN,
  openSigningKey,
  parseCertificates,
  parseSigningConfig,
  PUBLIC_MIRROR,
  type AskPassword,
  type KeylessSigner,
  type SigningKey,
  type SigningServices,
  type Voucher,
} from '../trust/index.ts';
import { findIdentityToken } from './identity-token.ts';
import { logIn, type LoginFlow } from './log-in.ts';
import { findTrustMaterial } from './trust-material.ts';

export interface SignerInput {
  /** A file or `env://NAME`; without one, signatures are by identity. */
  readonly key?: string | undefined;
  /** Paths of PEM files: the certificate of the key by a CA of one's own, and what leads from it to the root. */
  readonly certificate?: string | undefined;
  readonly certificateChain?: string | undefined;
  /** Have the key certified for who the identity token is for. */
  readonly issuesCertificate?: boolean | undefined;
  readonly askPassword: AskPassword;
  readonly services?: ServicesInput;
}

export interface ServicesInput {
  /** File that names the services. */
  readonly signingConfig?: string | undefined;
  /** Base URLs, instead of those of the configuration. */
  readonly fulcioUrl?: string | undefined;
  /** Of a log of version 1. */
  readonly rekorUrl?: string | undefined;
  /** The whole address. */
  readonly timestampUrl?: string | undefined;
  /** Also log what a key signs: without a configuration, in the public log. */
  readonly logs?: boolean | undefined;
  /** A token or a file that holds one. */
  readonly identityToken?: string | undefined;
  /** Of the provider to log in with, instead of the configuration's. */
  readonly oidcIssuer?: string | undefined;
  /** How a person logs in where there is no token; nobody does when absent. */
  readonly login?: LoginFlow | undefined;
  /** Do not look for the token of a CI system. */
  readonly ignoresAmbient?: boolean | undefined;
  /** The one place to get a token from. */
  readonly oidcProvider?: string | undefined;
}

export interface OpenedSigner {
  readonly key: SigningKey;
  readonly voucher: Voucher | undefined;
  /** Of signatures by identity. */
  readonly identity?: KeylessSigner['identity'];
}

/** For people: the key, or whom its certificate names. */
export function describeSigner(signed: {
  readonly keyId: string;
  readonly identity?: OpenedSigner['identity'];
}): string {
  const { keyId, identity } = signed;
  return identity === undefined ? `with key ${keyId}` : `as ${identity.subject}, says ${identity.issuer}`;
}

/** The public instance of Sigstore: what is used where nothing else is named. */
const PUBLIC: SigningServices = {
  fulcio: 'https://fulcio.sigstore.dev',
  oidc: 'https://oauth2.sigstore.dev/auth',
  logs: [{ url: 'https://rekor.sigstore.dev', version: 1 }],
  timestamps: [],
};

const MAX_CONFIG_BYTES = 1024 * 1024;
const MAX_CERTIFICATE_BYTES = 1024 * 1024;

export async function openSigner(ports: Ports, input: SignerInput, signal?: AbortSignal): Promise<OpenedSigner> {
  checkCertificateInput(input);
  const { key: name } = input;
  const key = name === undefined ? undefined : await openSigningKey(ports, name, input.askPassword, signal);
  if (key !== undefined && input.issuesCertificate !== true) return await openKeySigner(ports, input, key, signal);
  const services = await openServices(ports, input.services ?? {}, signal);
  const { fulcio } = services;
  if (fulcio === undefined)
    throw new AppError(
      'usage',
      'signing by identity: expected a certificate authority, found none in the configuration',
    );
  const token = await openToken(ports, { ...input.services, oidc: services.oidc }, signal);
  return await createKeylessSigner(ports, { ...services, fulcio }, { token, key, signal });
}

function checkCertificateInput({ key, certificate, certificateChain, issuesCertificate }: SignerInput): void {
  if (certificate === undefined && certificateChain !== undefined)
    throw new AppError('usage', 'expected --certificate beside its chain, found none');
  if (certificate === undefined) return;
  if (key === undefined) throw new AppError('usage', 'expected --key beside its certificate, found none');
  if (issuesCertificate === true)
    throw new AppError('usage', 'expected a certificate or to have one issued, found both');
}

/** Nothing is logged and stamped unless somebody asks for it. */
async function openKeySigner(
  ports: Ports,
  input: SignerInput,
  key: SigningKey,
  signal: AbortSignal | undefined,
): Promise<OpenedSigner> {
  const chain = await readChain(ports, input, key);
  const { signingConfig, rekorUrl, timestampUrl, logs: wantsLog } = input.services ?? {};
  const isLogged = wantsLog === true || signingConfig !== undefined || rekorUrl !== undefined;
  const isAsked = isLogged || timestampUrl !== undefined;
  const services = isAsked ? await openServices(ports, input.services ?? {}, signal) : undefined;
  const logs = isLogged ? (services?.logs ?? []) : [];
  const timestamps = logs.length > 0 || timestampUrl !== undefined ? (services?.timestamps ?? []) : [];
  if (logs.length + timestamps.length === 0 && chain === undefined) return { key, voucher: undefined };
  return { key, voucher: createVoucher(ports, { key, chain }, { logs, timestamps }) };
}

/** DER. Throws `usage` when the certificate is another key's. */
async function readChain(
  ports: Ports,
  { certificate, certificateChain }: SignerInput,
  key: SigningKey,
): Promise<readonly Uint8Array[] | undefined> {
  if (certificate === undefined) return undefined;
  const read = async (path: string) => parseCertificates(await readText(ports, path), path, MAX_CHAIN);
  const [leaf, ...above] = await read(certificate);
  if (leaf?.publicKey.keyId !== key.publicKey.keyId)
    throw new AppError('usage', `${certificate}: expected the certificate of the key, found that of another`);
  const more = certificateChain === undefined ? [] : await read(certificateChain);
  return [leaf, ...above, ...more].map(({ der }) => der);
}

async function readText(ports: Ports, path: string): Promise<string> {
  return new TextDecoder().decode(await ports.files.read(path, MAX_CERTIFICATE_BYTES));
}

/** One that is given, then that of the CI system, then by a login. */
async function openToken(
  ports: Ports,
  input: ServicesInput & { readonly oidc: string | undefined },
  signal: AbortSignal | undefined,
): Promise<string> {
  const { identityToken: given, ignoresAmbient = false, oidcProvider: provider, login, oidcIssuer, oidc } = input;
  const found = await findIdentityToken(ports, { given, ignoresAmbient, provider }, signal);
  if (found !== undefined) return found;
  const issuer = oidcIssuer ?? oidc;
  if (login !== undefined && issuer !== undefined) return await logIn(ports, issuer, login, signal);
  throw new AppError('usage', 'signing without a key: expected an identity token, found none', {
    hint: 'give --identity-token or SIGSTORE_ID_TOKEN, --fulcio-auth-flow to log in, or a key with --key',
  });
}

async function openServices(
  ports: Ports,
  input: ServicesInput,
  signal: AbortSignal | undefined,
): Promise<SigningServices> {
  const { signingConfig, fulcioUrl, rekorUrl, timestampUrl } = input;
  const base =
    signingConfig === undefined
      ? await openInitialized(ports, signal)
      : parseSigningConfig(await ports.files.read(signingConfig, MAX_CONFIG_BYTES), signingConfig, ports.clock());
  return {
    ...base,
    ...(fulcioUrl === undefined ? {} : { fulcio: fulcioUrl }),
    ...(rekorUrl === undefined ? {} : { logs: [{ url: rekorUrl, version: 1 as const }] }),
    ...(timestampUrl === undefined ? {} : { timestamps: [timestampUrl] }),
  };
}

/** The services that initialized material names; those of the public instance only where nothing private is trusted. */
async function openInitialized(ports: Ports, signal: AbortSignal | undefined): Promise<SigningServices> {
  const material = await findTrustMaterial(ports, { signal });
  if (material?.signingConfig !== undefined)
    return parseSigningConfig(material.signingConfig, `signing configuration of ${material.mirror}`, ports.clock());
  if (material === undefined || material.mirror === PUBLIC_MIRROR) return PUBLIC;
  return { fulcio: undefined, oidc: undefined, logs: [], timestamps: [] };
}
