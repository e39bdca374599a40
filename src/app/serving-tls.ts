import { createPrivateKey, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { AppError } from '../core/index.ts';
import type { Ports } from '../core/index.ts';
import { createServingCertificate } from '../trust/crypto/index.ts';

export interface ServingTls {
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
  /** File that a client pins; the certificate itself where it is self-made. */
  readonly caFile: string;
}

/** A self-made certificate is good for a year and made anew a month before its end. */
const LIFE_DAYS = 365;
const RENEW_DAYS = 30;
const DAY_MS = 24 * 60 * 60 * 1000;
const MAX_PEM_BYTES = 1024 * 1024;

/** A certificate that was given. Throws `invalid-input` when certificate and key do not belong together. */
export async function loadServingTls(
  ports: Ports,
  files: { readonly certificate: string; readonly key: string },
): Promise<ServingTls> {
  const found = await readPair(ports, files);
  if (isPair(found)) return found;
  throw new AppError('invalid-input', `${files.certificate}: expected a certificate that belongs to ${files.key}`);
}

async function readPair(ports: Ports, files: Pick<ServingTls, 'certificate' | 'key'>): Promise<ServingTls> {
  const certificate = await readText(ports, files.certificate);
  return { certificate, key: await readText(ports, files.key), caFile: files.certificate };
}

/** Whether a certificate and a key (PEM) can be served with. */
export function isPair({ certificate, key }: Pick<ServingTls, 'certificate' | 'key'>): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false; // neither can be served with
  }
}

/** The self-made certificate in `folder`, made now if it is absent, near its end, or not good for one of the hosts. */
export async function ensureServingTls(ports: Ports, folder: string, hosts: readonly string[]): Promise<ServingTls> {
  const files = { certificate: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
  const stats = await Promise.all([ports.files.stat(files.certificate), ports.files.stat(files.key)]);
  if (stats.every((stat) => stat !== undefined)) {
    const present = await readPair(ports, files);
    // a crash between the two writes leaves a new key beside an old certificate
    if (isPair(present) && isGood(present.certificate, hosts, ports.clock())) return present;
  }
  const made = await createServingCertificate({ hosts, at: ports.clock(), days: LIFE_DAYS, serial: ports.random(16) });
  await ports.files.makeFolder(folder);
  await ports.files.writeAtomic(files.key, made.key, { mode: 0o600 });
  await ports.files.writeAtomic(files.certificate, made.certificate);
  return { ...made, caFile: files.certificate };
}

function isGood(pem: string, hosts: readonly string[], at: Date): boolean {
  try {
    const certificate = new X509Certificate(pem);
    const lives = new Date(certificate.validTo).getTime() - at.getTime() > RENEW_DAYS * DAY_MS;
    return (
      lives &&
      hosts.every((host) => certificate.checkHost(host) !== undefined || certificate.checkIP(host) !== undefined)
    );
  } catch {
    return false; // unreadable: it is made anew
  }
}

async function readText(ports: Ports, path: string): Promise<string> {
  const text = new TextDecoder().decode(await ports.files.read(path, MAX_PEM_BYTES));
  if (!text.includes('-----BEGIN ')) throw new AppError('invalid-input', `${path}: expected PEM, found something else`);
  return text;
}
