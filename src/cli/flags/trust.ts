/** Flags that the signing and verifying commands share, and what they mean to use cases. */
import type { LoginFlow } from '../../app/log-in.ts';
import type { SignerInput } from '../../app/open-signer.ts';
import type { SignedImage } from '../../app/sign.ts';
import { AppError } from '../../core/index.ts';
import type { Reason } from '../../core/index.ts';
import type { Context, Flags, FlagValues } from '../command.ts';
import { readAccess, REGISTRY_FLAGS } from './registry.ts';

/** Longest password worth reading; a file given by mistake is larger. */
const MAX_INPUT_BYTES = 2 ** 31 - 1;

export const SIGNING_FLAGS = {
  key: {
    kind: 'string',
    value: 'KEY',
    description:
      'private key: a file, env://, k8s://, pkcs11:, hashivault://, awskms://, gcpkms://, azurekms:// or that of a plugin; without one, signs by identity',
  },
  certificate: {
    kind: 'string',
    aliases: ['cert'],
    value: 'FILE',
    description: 'PEM certificate of the key, by your own CA, to go with signatures',
  },
  'certificate-chain': {
    kind: 'string',
    aliases: ['cert-chain'],
    value: 'FILE',
    description: 'PEM certificates from its issuer to the root, for the form of older cosign',
  },
  'issue-certificate': { kind: 'boolean', description: 'have the key certified for who the identity token is for' },
  'identity-token': {
    kind: 'string',
    value: 'TOKEN',
    description: 'OpenID token, or a file that holds one; SIGSTORE_ID_TOKEN or that of the CI system when absent',
  },
  'fulcio-auth-flow': {
    kind: 'choice',
    choices: ['normal', 'device', 'token'],
    description: 'how to log in without a token: with a browser (normal), or with one elsewhere by a code (device)',
  },
  'oidc-issuer': {
    kind: 'string',
    value: 'URL',
    description: 'OpenID provider to log in with; that of the signing configuration',
  },
  'oidc-client-id': {
    kind: 'string',
    default: 'sigstore',
    value: 'NAME',
    description: 'what the provider knows us as',
  },
  'oidc-client-secret-file': { kind: 'string', value: 'FILE', description: 'secret for it, where one is wanted' },
  'oidc-redirect-url': {
    kind: 'string',
    value: 'URL',
    description: 'where the browser comes back to; http://localhost:0/auth/callback when absent',
  },
  'oidc-provider': {
    kind: 'choice',
    choices: ['github-actions', 'buildkite-agent', 'filesystem', 'spiffe'],
    description: 'where to get the token from, instead of wherever there is one',
  },
  'oidc-disable-ambient-providers': { kind: 'boolean', description: 'do not use the token of the CI system' },
  'signing-config': {
    kind: 'string',
    value: 'FILE',
    description: 'which certificate authority, logs and timestamp authorities to sign with',
  },
  'fulcio-url': {
    kind: 'string',
    value: 'URL',
    description: 'certificate authority; the public one when nothing is named',
  },
  'rekor-url': { kind: 'string', value: 'URL', description: 'transparency log of version 1; the public one likewise' },
  'timestamp-server-url': { kind: 'string', value: 'URL', description: 'timestamp authority (RFC 3161)' },
  'tlog-upload': { kind: 'boolean', description: 'log what a key signs, too' },
} as const satisfies Flags;

export const VERIFYING_KEY_FLAG = {
  key: {
    kind: 'list',
    value: 'KEY',
    description: 'public key: a file, https://, or as keys of sign; repeated, any of them may have signed',
  },
} as const satisfies Flags;

/** For commands whose policies name signers by certificate identity. */
export const POLICY_TRUST_FLAG = {
  'trusted-root': {
    kind: 'string',
    value: 'FILE',
    description: 'Sigstore trusted root that keyless authorities are believed by; read again when it changes',
  },
} as const satisfies Flags;

export const PREDICATE_TYPE_FLAG = {
  type: {
    kind: 'string',
    default: 'custom',
    description: 'spdxjson, cyclonedx, vuln, openvex, slsaprovenance, slsaprovenance1, link, custom, or a URI',
  },
} as const satisfies Flags;

/** Where else what is signed goes. */
export const STORE_FLAGS = {
  upload: { kind: 'boolean', default: true, description: 'store nothing: write files alone' },
  bundle: { kind: 'string', value: 'FILE', description: 'write the Sigstore bundle here, too' },
} as const satisfies Flags;

export const FORMAT_FLAGS = {
  format: {
    kind: 'choice',
    choices: ['bundle', 'legacy', 'both'],
    default: 'bundle',
    description: 'Sigstore bundle as OCI referrer, a layer under the tag of older cosign, or both',
  },
} as const satisfies Flags;

/** The registry flags of all commands, and cosign's names for them. */
export const IMAGE_FLAGS = {
  ...REGISTRY_FLAGS,
  'allow-http-registry': { kind: 'boolean', hidden: true, description: 'the same as --insecure' },
  'allow-insecure-registry': { kind: 'boolean', hidden: true, description: 'the same as --insecure' },
} as const satisfies Flags;

const { 'identity-token': _token, 'identity-token-stdin': _input, ...ACCESS_FLAGS } = IMAGE_FLAGS;

/** The same where `--identity-token` says who signs: that token is for the certificate authority and never for a registry. */
export const SIGNED_IMAGE_FLAGS = ACCESS_FLAGS;

/** What scripts for cosign pass along. */
export const SIGN_COMPATIBILITY_FLAGS = {
  yes: { kind: 'boolean', short: 'y', hidden: true, description: 'nothing is asked' },
  'use-signing-config': { kind: 'boolean', hidden: true, description: 'only false: give --signing-config FILE' },
} as const satisfies Flags;

export const VERIFY_COMPATIBILITY_FLAGS = {
  'private-infrastructure': { kind: 'boolean', hidden: true, description: 'the same as --insecure-ignore-tlog' },
  offline: {
    kind: 'boolean',
    description: 'use trust material as it was fetched, without asking its mirror; says what of it has expired',
  },
  'rekor-url': { kind: 'string', hidden: true, description: 'nothing is looked up: what is stored must prove it' },
  'new-bundle-format': { kind: 'boolean', hidden: true, description: 'both forms are read always' },
  'experimental-oci11': { kind: 'boolean', hidden: true, description: 'referrers are read always' },
} as const satisfies Flags;

/** Which images a verifying command looks at, and how. */
export const WHICH_IMAGES_FLAGS = {
  recursive: { kind: 'boolean', short: 'r', description: 'also every image that an index names' },
  'local-image': { kind: 'boolean', description: 'IMAGE is a folder that `cosign save` wrote, or another OCI layout' },
  'check-claims': {
    kind: 'boolean',
    default: true,
    description: 'do not look at which artifact the signer spoke of: says who signed, not what',
  },
  explain: { kind: 'boolean', description: 'show all that was found, and step by step why it counts or does not' },
  'max-workers': { kind: 'number', hidden: true, description: 'images that are verified at the same time' },
} as const satisfies Flags;

/** Who signs, and what vouches for it. Throws `usage` for flags that contradict each other. */
export function readSigner(
  flags: FlagValues<typeof SIGNING_FLAGS> & FlagValues<typeof SIGN_COMPATIBILITY_FLAGS>,
  context: Context,
): SignerInput {
  if (flags['use-signing-config'] && flags['signing-config'] === undefined) {
    throw new AppError('usage', '--use-signing-config: expected --signing-config FILE beside it');
  }
  return {
    key: flags.key,
    certificate: flags.certificate,
    certificateChain: flags['certificate-chain'],
    issuesCertificate: flags['issue-certificate'],
    askPassword: askPassword(context),
    services: {
      signingConfig: flags['signing-config'],
      fulcioUrl: flags['fulcio-url'],
      rekorUrl: flags['rekor-url'],
      timestampUrl: flags['timestamp-server-url'],
      logs: flags['tlog-upload'],
      identityToken: flags['identity-token'],
      oidcIssuer: flags['oidc-issuer'],
      ignoresAmbient: flags['oidc-disable-ambient-providers'],
      oidcProvider: flags['oidc-provider'],
      login: loginOf(flags, context),
    },
  };
}

function loginOf(flags: FlagValues<typeof SIGNING_FLAGS>, context: Context): LoginFlow | undefined {
  const flow = flags['fulcio-auth-flow'];
  if (flow === undefined || flow === 'token') return undefined;
  return {
    flow: flow === 'device' ? 'device' : 'browser',
    tell: (text) => context.output.note(text),
    clientId: flags['oidc-client-id'],
    clientSecretFile: flags['oidc-client-secret-file'],
    redirectUrl: flags['oidc-redirect-url'],
  };
}

/** A line for each place. */
export function describeStored(signed: Pick<SignedImage, 'stored' | 'written'>): readonly string[] {
  const { stored, written } = signed;
  return [
    ...(stored.length === 0
      ? []
      : [`stored as ${stored.map(({ format, manifest }) => `${format} ${manifest}`).join(', ')}`]),
    ...(written.length === 0 ? [] : [`written to ${written.join(', ')}`]),
  ];
}

export function formatsOf(format: string): readonly ('bundle' | 'legacy')[] {
  return format === 'both' ? ['bundle', 'legacy'] : [format === 'legacy' ? 'legacy' : 'bundle'];
}

export async function imageAccessOf(flags: FlagValues<typeof IMAGE_FLAGS>, context: Context) {
  const insecure = flags.insecure || flags['allow-http-registry'] || flags['allow-insecure-registry'];
  return { access: await readAccess({ ...flags, insecure }, context) };
}

export async function signedImageAccessOf(flags: FlagValues<typeof SIGNED_IMAGE_FLAGS>, context: Context) {
  return await imageAccessOf({ ...flags, 'identity-token': undefined, 'identity-token-stdin': false }, context);
}

/** `k=v` entries. Throws `usage` for one without `=` and for a key given twice with different values. */
export function parsePairs(flag: string, entries: readonly string[]): Readonly<Record<string, string>> {
  const pairs = new Map<string, string>();
  for (const entry of entries) {
    const at = entry.indexOf('=');
    if (at < 1) throw new AppError('usage', `--${flag}: expected KEY=VALUE, found "${entry}"`);
    const [key, value] = [entry.slice(0, at), entry.slice(at + 1)];
    const known = pairs.get(key);
    if (known !== undefined && known !== value) throw new AppError('usage', `--${flag}: "${key}" is given twice`);
    pairs.set(key, value);
  }
  return Object.fromEntries(pairs);
}

/** The password of a key file: COSIGN_PASSWORD, else asked on the terminal. */
export function askPassword(context: Context): () => Promise<string> {
  return async () =>
    context.ports.environment['COSIGN_PASSWORD'] ?? (await context.askSecret('password for the private key'));
}

/** The password of a new key file, asked twice. */
export function askNewPassword(context: Context): () => Promise<string> {
  return async () => {
    const given = context.ports.environment['COSIGN_PASSWORD'];
    if (given !== undefined) return given;
    const first = await context.askSecret('password for the new private key (empty for none)');
    if (first === (await context.askSecret('the same again'))) return first;
    throw new AppError('usage', 'the two passwords differ');
  };
}

/** A path, or the bytes of standard input for `-`. */
export async function fileOrInput(context: Context, file: string): Promise<string | Uint8Array> {
  return file === '-' ? await context.readInput(MAX_INPUT_BYTES) : file;
}

/** All reasons, one line each, for the reader of a "no". */
export function noteReasons(context: Context, reasons: readonly Reason[]): void {
  for (const reason of reasons) {
    const facts = [
      ...(reason.expected === undefined ? [] : [`expected ${reason.expected}`]),
      ...(reason.found === undefined ? [] : [`found ${reason.found}`]),
    ].join(', ');
    context.output.note(`${reason.code}: ${reason.message}${facts === '' ? '' : ` (${facts})`}`);
    if (reason.subject !== undefined) context.output.note(`  in ${reason.subject}`);
    if (reason.fix !== undefined) context.output.note(`  try: ${reason.fix}`);
  }
}
