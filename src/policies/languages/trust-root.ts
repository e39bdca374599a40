/** TrustRoot (policy.sigstore.dev/v1alpha1): whom keyless authorities, logs and timestamps are believed by. */
import { anything, AppError, arrayOf, object, oneOf, optional, strictObject, string } from '../../core/index.ts';
import type { TrustRootDefinition, TrustRootRef, TrustRootServices } from '../resources.ts';
import type { PolicyDocument } from './language.ts';
import { requireOne } from './require-one.ts';

const TRUSTED_ROOT = 'trusted_root.json';
/** Of a definition; a repository of the field has some hundred kilobytes. */
const MAX_BYTES = 1024 * 1024;

const decodeAuthority = strictObject({
  subject: optional(anything),
  uri: string,
  certChain: string,
});

const decodeLog = strictObject({ baseURL: string, hashAlgorithm: optional(oneOf('sha-256')), publicKey: string });

const decodeDocument = strictObject({
  apiVersion: oneOf('policy.sigstore.dev/v1alpha1'),
  kind: oneOf('TrustRoot'),
  metadata: object({ name: string }),
  spec: strictObject({
    remote: optional(
      strictObject({
        root: string,
        mirror: string,
        targets: optional(string),
        trustedRootTarget: optional(string),
      }),
    ),
    repository: optional(
      strictObject({
        root: string,
        mirrorFS: string,
        targets: optional(string),
        trustedRootTarget: optional(string),
      }),
    ),
    sigstoreKeys: optional(
      strictObject({
        certificateAuthorities: optional(arrayOf(decodeAuthority)),
        tLogs: optional(arrayOf(decodeLog)),
        ctLogs: optional(arrayOf(decodeLog)),
        timestampAuthorities: optional(arrayOf(decodeAuthority)),
      }),
    ),
  }),
  status: optional(anything),
});

type Spec = ReturnType<typeof decodeDocument>['spec'];
type Keys = NonNullable<Spec['sigstoreKeys']>;

export function isTrustRoot({ value }: PolicyDocument): boolean {
  return String(value.apiVersion).startsWith('policy.sigstore.dev/') && value.kind === 'TrustRoot';
}

/** Throws `invalid-input` for what cannot be used; certificates and keys are looked at when the root is opened. */
export function readTrustRoot({ value, where, version }: PolicyDocument): TrustRootRef {
  const { metadata, spec } = decodeDocument(value, where);
  requireOne(spec, ['remote', 'repository', 'sigstoreKeys'], `${where}.spec`);
  return { name: metadata.name, version, definition: definitionOf(spec, `${where}.spec`) };
}

function definitionOf({ remote, repository, sigstoreKeys }: Spec, where: string): TrustRootDefinition {
  if (remote !== undefined) {
    const root = bytesOf(remote.root, `${where}.remote.root`);
    const target = remote.trustedRootTarget ?? TRUSTED_ROOT;
    return { kind: 'remote', root, mirror: addressOf(remote.mirror, `${where}.remote.mirror`), target };
  }
  if (repository !== undefined) {
    return {
      kind: 'repository',
      root: bytesOf(repository.root, `${where}.repository.root`),
      archive: bytesOf(repository.mirrorFS, `${where}.repository.mirrorFS`),
      targets: repository.targets ?? 'targets',
      target: repository.trustedRootTarget ?? TRUSTED_ROOT,
    };
  }
  return { kind: 'keys', services: servicesOf(sigstoreKeys ?? {}, `${where}.sigstoreKeys`) };
}

function servicesOf(keys: Partial<Keys>, where: string): TrustRootServices {
  const authorities = (list: Keys['certificateAuthorities'], name: string) =>
    (list ?? []).map(({ uri, certChain }, index) => ({
      url: uri,
      chain: pemOf(certChain, 'CERTIFICATE', `${where}.${name}[${index}].certChain`),
    }));
  const logs = (list: Keys['tLogs'], name: string) =>
    (list ?? []).map(({ baseURL, publicKey }, index) => ({
      url: baseURL,
      publicKey: pemOf(publicKey, 'PUBLIC KEY', `${where}.${name}[${index}].publicKey`),
    }));
  return {
    authorities: authorities(keys.certificateAuthorities, 'certificateAuthorities'),
    logs: logs(keys.tLogs, 'tLogs'),
    ctLogs: logs(keys.ctLogs, 'ctLogs'),
    timestampAuthorities: authorities(keys.timestampAuthorities, 'timestampAuthorities'),
  };
}

function addressOf(text: string, where: string): string {
  const { protocol = '' } = URL.parse(text) ?? {};
  if (protocol === 'https:' || protocol === 'http:') return text;
  throw new AppError('invalid-input', `${where}: expected a URL, found "${text}"`);
}

/** Kubernetes writes bytes as base64, in lines as YAML likes them. */
function bytesOf(text: string, where: string): Uint8Array {
  const packed = text.replaceAll(/\s/g, '');
  if (packed.length === 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(packed) || packed.length % 4 !== 0)
    throw new AppError('invalid-input', `${where}: expected base64, found ${JSON.stringify(text.slice(0, 40))}`);
  const bytes = Buffer.from(packed, 'base64');
  if (bytes.length <= MAX_BYTES) return bytes;
  throw new AppError('invalid-input', `${where}: expected at most ${MAX_BYTES} bytes, found ${bytes.length}`);
}

function pemOf(text: string, label: string, where: string): string {
  const pem = Buffer.from(bytesOf(text, where)).toString('latin1');
  if (pem.includes(`-----BEGIN ${label}-----`)) return pem;
  throw new AppError('invalid-input', `${where}: expected PEM "${label}", found ${JSON.stringify(pem.slice(0, 40))}`);
}
