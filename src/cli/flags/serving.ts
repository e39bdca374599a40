/** Flags of servers that may serve HTTPS. */
import { AppError } from '../../core/index.ts';
import type { Flags, FlagValues } from '../command.ts';

export const SERVING_TLS_FLAGS = {
  'tls-cert': { kind: 'string', value: 'FILE', description: 'certificate chain in PEM' },
  'tls-key': { kind: 'string', value: 'FILE', description: 'private key in PEM' },
  tls: { kind: 'boolean', description: 'serve HTTPS with a certificate that is made and kept in the data folder' },
  host: {
    kind: 'list',
    value: 'NAME',
    description: 'further names or addresses that a self-made certificate is good for',
  },
} as const satisfies Flags;

/** Undefined is plain HTTP. */
export function readTls(flags: FlagValues<typeof SERVING_TLS_FLAGS>) {
  const { 'tls-cert': certificate, 'tls-key': key } = flags;
  if (certificate !== undefined && key !== undefined) return { certificate, key };
  if (certificate !== undefined || key !== undefined)
    throw new AppError('usage', 'expected --tls-cert together with --tls-key');
  return flags.tls ? { hosts: flags.host } : undefined;
}
