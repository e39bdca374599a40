/** Verification from digests, which node:crypto does not offer: ECDSA, and Ed25519ph of RFC 8032 5.1. */
import type { KeyObject } from 'node:crypto';
import { createRequire } from 'node:module';

/** Curves are made when first needed: most verifications need none of them, and each cold start would pay. */
const require = createRequire(import.meta.url);

type NistCurves = typeof import('@noble/curves/nist.js');

function curveOf(algorithm: string): NistCurves['p256'] | undefined {
  const { p256, p384, p521 } = require('@noble/curves/nist.js') as NistCurves;
  return new Map([
    ['ecdsa-p256', p256],
    ['ecdsa-p384', p384],
    ['ecdsa-p521', p521],
  ]).get(algorithm);
}

export function isDigestSignedByEcdsa(
  key: KeyObject,
  algorithm: string,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  const curve = curveOf(algorithm);
  if (curve === undefined) return false;
  try {
    return curve.verify(signature, digest, pointOf(key), { prehash: false, lowS: false, format: 'der' });
  } catch {
    return false; // A malformed signature is a wrong one.
  }
}

/** cosign 3 signs envelopes with Ed25519ph; its domain is its own, so one form can never pass for the other. */
export function isSignedByEd25519Prehashed(key: KeyObject, content: Uint8Array, signature: Uint8Array): boolean {
  const { ed25519ph } = require('@noble/curves/ed25519.js') as typeof import('@noble/curves/ed25519.js');
  const { x = '' } = key.export({ format: 'jwk' });
  try {
    return ed25519ph.verify(signature, content, Buffer.from(x, 'base64url'), { zip215: false });
  } catch {
    return false;
  }
}

/** The uncompressed point (SEC 1 2.3.3) of a key that node:crypto has checked to be on its curve. */
function pointOf(key: KeyObject): Uint8Array {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  return Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
}
