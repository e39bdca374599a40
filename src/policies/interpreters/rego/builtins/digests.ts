/** Digests and message authentication codes, as lower-case hex. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { RegoValue } from '../value.ts';
import { textAt } from './operands.ts';
import type { Args, Builtins } from './operands.ts';

function digest(algorithm: string) {
  return (args: Args): RegoValue => createHash(algorithm).update(textAt(args, 0)).digest('hex');
}

function hmac(algorithm: string) {
  return (args: Args): RegoValue => createHmac(algorithm, textAt(args, 1)).update(textAt(args, 0)).digest('hex');
}

function areSame(args: Args): RegoValue {
  const [a, b] = [Buffer.from(textAt(args, 0)), Buffer.from(textAt(args, 1))];
  return a.length === b.length && timingSafeEqual(a, b);
}

export const DIGESTS: Builtins = {
  'crypto.md5': digest('md5'),
  'crypto.sha1': digest('sha1'),
  'crypto.sha256': digest('sha256'),
  'crypto.hmac.md5': hmac('md5'),
  'crypto.hmac.sha1': hmac('sha1'),
  'crypto.hmac.sha256': hmac('sha256'),
  'crypto.hmac.sha512': hmac('sha512'),
  'crypto.hmac.equal': areSame,
};
