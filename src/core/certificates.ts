/** Files of certificate authorities that servers are verified with. */
import { X509Certificate } from 'node:crypto';
import { AppError } from './errors.ts';

/** OpenSSL passes over what it cannot read: a broken file would silently trust nobody more. */
export function checkCertificates(text: string, path: string): string {
  const blocks = text.match(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]+-----END/g) ?? [];
  if (blocks.length === 0) throw new AppError('invalid-input', `${path}: expected certificates in PEM, found none`);
  try {
    for (const block of blocks) void new X509Certificate(`${block} CERTIFICATE-----\n`);
  } catch (cause) {
    throw new AppError('invalid-input', `${path}: expected certificates in PEM, found an unreadable one`, { cause });
  }
  return text;
}
