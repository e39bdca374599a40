/** Random values that a seed determines: the same evaluation gives the same ones. */
import { createHash } from 'node:crypto';

/** 32 bytes for a name. */
export function randomBytesOf(seed: string, name: string): Buffer {
  return createHash('sha256')
    .update(JSON.stringify([seed, name]))
    .digest();
}

/** From 0 up to, and without, the limit. 256 random bits make the bias of the remainder unmeasurable for limits of 64 bits. */
export function randomBelow(seed: string, name: string, limit: bigint): bigint {
  return BigInt(`0x${randomBytesOf(seed, name).toString('hex')}`) % limit;
}
