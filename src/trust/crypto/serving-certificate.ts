/**
 * A self-made certificate for serving HTTPS (RFC 5280): one P-256 key, itself its own authority, so that the certificate
 * is the CA bundle that a client (the API server) pins. DER by @peculiar/x509.
 */
import { webcrypto } from 'node:crypto';
import { positive } from './der-build.ts';

export interface ServingCertificate {
  /** PEM; also the CA bundle. */
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

export async function createServingCertificate(options: ServingCertificateOptions): Promise<ServingCertificate> {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: Buffer.from(positive(options.serial)).toString('hex'),
    name: 'CN=plimsoll',
    notBefore: new Date(options.at.getTime() - BACKDATE_MS),
    notAfter: new Date(options.at.getTime() + options.days * 24 * 60 * 60 * 1000),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyCertSign, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth], false),
      new x509.SubjectAlternativeNameExtension(
        options.hosts.map((host) => ({ type: isAddress(host) ? 'ip' : 'dns', value: host })),
      ),
    ],
  });
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificate: `${certificate.toString('pem')}\n`,
    key: `${x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`,
  };
}

function isAddress(host: string): boolean {
  return /^[\d.]+$/.test(host) || host.includes(':');
}
