import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { AppError, digestOf, optional, strictObject, string } from '../../core/index.ts';
import type { PublicKeyRef } from '../policy.ts';
import { requireOne } from './require-one.ts';

const decodeFields = strictObject({
  data: optional(string),
  secretRef: optional((value) => value),
  kms: optional(string),
  hashAlgorithm: optional(string),
});

/** A key authority's public key. Throws `invalid-input` for text that is no public key, and for where keys are not read from yet. */
export function decodeKey(value: unknown, where: string): PublicKeyRef {
  const fields = decodeFields(value, where);
  requireOne(fields, ['data', 'secretRef', 'kms'], where);
  if (fields.hashAlgorithm !== undefined && fields.hashAlgorithm !== 'sha256') {
    throw new AppError('invalid-input', `${where}.hashAlgorithm: expected sha256, found "${fields.hashAlgorithm}"`);
  }
  if (fields.data === undefined) {
    const field = fields.kms === undefined ? 'secretRef' : 'kms';
    throw new AppError('invalid-input', `${where}.${field}: not supported yet; give the public key as data`);
  }
  return {
    pem: fields.data,
    keyId: digestOf(importKey(fields.data, `${where}.data`).export({ type: 'spki', format: 'der' })),
  };
}

function importKey(pem: string, where: string): KeyObject {
  if (!pem.trimStart().startsWith('-----BEGIN PUBLIC KEY-----')) {
    throw new AppError('invalid-input', `${where}: expected a PEM "PUBLIC KEY", found "${pem.trim().slice(0, 40)}"`);
  }
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw new AppError('invalid-input', `${where}: expected a PEM "PUBLIC KEY", found one that cannot be read`, {
      cause,
    });
  }
}
