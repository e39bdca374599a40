/**
 * Certificates for serving HTTPS (RFC 5280), with P-256 keys: one that is its own authority, so that it is the CA bundle that a client (the
 * API server) pins; or an authority, and certificates of it that change while what is pinned stays. DER by @peculiar/x509.
 */
import { webcrypto } from 'node:crypto';
import { positive } from './der-build.ts';

export interface ServingCertificate {
  /** PEM; of a self-signed one also the CA bundle. */
  readonly certificate: string;
  /** PEM, PKCS#8. */
  readonly key: string;
}

/** Clocks of the client may be behind by this much. */
const BACKDATE_MS = 60 * 60 * 1000;

export interface ServingCertificateOptions {
  /** DNS names and IP addresses that it is good for; at least one. */
  readonly hosts: readonly string[];
  readonly at: Date;
  readonly days: number;
  /** 16 random bytes. */
  readonly serial: Uint8Array;
}

/** Self-signed. */
export async function createServingCertificate(options: ServingCertificateOptions): Promise<ServingCertificate> {
  return await create(options, { isAuthority: true, isServer: true });
}

/** An authority for serving certificates only; `hosts` is not used. */
export async function createServingAuthority(
  options: Omit<ServingCertificateOptions, 'hosts'>,
): Promise<ServingCertificate> {
  return await create({ ...options, hosts: [] }, { isAuthority: true, isServer: false });
}

/** Signed by an authority of `createServingAuthority`. */
export async function issueServingCertificate(
  options: ServingCertificateOptions,
  authority: ServingCertificate,
): Promise<ServingCertificate> {
  return await create(options, { isAuthority: false, isServer: true, authority });
}

interface Role {
  readonly isAuthority: boolean;
  readonly isServer: boolean;
  /** Itself when absent. */
  readonly authority?: ServingCertificate;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

async function create(
  options: ServingCertificateOptions,
  { isAuthority, isServer, authority }: Role,
): Promise<ServingCertificate> {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const { digitalSignature, keyCertSign } = x509.KeyUsageFlags;
  const subject = isServer ? 'CN=plimsoll' : `CN=plimsoll serving authority ${options.at.toISOString()}`;
  const parent = authority === undefined ? undefined : new x509.X509Certificate(authority.certificate);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: Buffer.from(positive(options.serial)).toString('hex'),
    subject,
    issuer: parent?.subject ?? subject,
    notBefore: new Date(options.at.getTime() - BACKDATE_MS),
    notAfter: new Date(options.at.getTime() + options.days * 24 * 60 * 60 * 1000),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey:
      authority === undefined ? keys.privateKey : await importKey(x509.PemConverter.decodeFirst(authority.key)),
    extensions: [
      ...(isAuthority ? [new x509.BasicConstraintsExtension(true, 0, true)] : []),
      new x509.KeyUsagesExtension((isServer ? digitalSignature : 0) | (isAuthority ? keyCertSign : 0), true),
      ...(isServer ? [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth], false)] : []),
      ...(isServer ? [new x509.SubjectAlternativeNameExtension(options.hosts.map(nameOf))] : []),
    ],
  });
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificate: `${certificate.toString('pem')}\n`,
    key: `${x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`,
  };
}

async function importKey(pkcs8: ArrayBuffer): Promise<webcrypto.CryptoKey> {
  return await webcrypto.subtle.importKey('pkcs8', pkcs8, ALGORITHM, false, ['sign']);
}

function nameOf(host: string): { readonly type: 'ip' | 'dns'; readonly value: string } {
  return { type: /^[\d.]+$/.test(host) || host.includes(':') ? 'ip' : 'dns', value: host };
}
