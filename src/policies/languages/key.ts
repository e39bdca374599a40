/** The key authority of a ClusterImagePolicy. */
import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { AppError, digestOf, oneOf, optional, strictObject, string } from '../../core/index.ts';
import type { PublicKeyRef } from '../policy.ts';
import { requireText } from '../resources.ts';
import type { Need, PolicyResources } from '../resources.ts';
import { requireOne } from './require-one.ts';

export const decodeSecretRef = strictObject({ name: string, namespace: optional(string) });

const decodeFields = strictObject({
  data: optional(string),
  secretRef: optional(decodeSecretRef),
  kms: optional(string),
  hashAlgorithm: optional(oneOf('sha224', 'sha256', 'sha384', 'sha512')),
});

type Fields = ReturnType<typeof decodeFields>;

/** Which hash a key's signatures may be over besides SHA-256. */
const OWN_HASHES: Readonly<Record<string, string>> = { secp384r1: 'sha384', secp521r1: 'sha512' };

/** Schemes of key services, and what stands behind each. */
const KMS_SCHEMES: ReadonlyMap<string, RegExp> = new Map([
  // AWS takes bare names, too, of which nobody can say whose they are
  ['awskms', /^(?:[^/:]+(?::\d{1,5})?)?\/arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(?:key|alias)\/[\w/:-]+$/],
  ['gcpkms', /^.+$/],
  ['azurekms', /^.+$/],
  ['hashivault', /^.+$/],
]);

/** Reads where the key is; gives what must be brought, and the key once it was. Throws `invalid-input`. */
export function readKey(
  value: unknown,
  where: string,
): { readonly need: Need | undefined; readonly open: (resources: PolicyResources) => PublicKeyRef } {
  const fields = decodeFields(value, where);
  requireOne(fields, ['data', 'secretRef', 'kms'], where);
  if (fields.data !== undefined) {
    const key = importKey(fields.data, fields, `${where}.data`);
    return { need: undefined, open: () => key };
  }
  const need = needOf(fields, where);
  const place = `${where}.${need.kind === 'kms' ? 'kms' : 'secretRef'}`;
  return { need, open: (resources) => importKey(requireText(resources, need, place), fields, place) };
}

/** The Secret, which holds one thing alone. */
export function secretNeed({
  name,
  namespace,
}: ReturnType<typeof decodeSecretRef>): Extract<Need, { readonly kind: 'secret' }> {
  return { kind: 'secret', name, ...(namespace === undefined ? {} : { namespace }) };
}

function needOf({ secretRef, kms = '' }: Fields, where: string): Extract<Need, { readonly kind: 'secret' | 'kms' }> {
  if (secretRef !== undefined) return secretNeed(secretRef);
  const [, scheme = '', rest = ''] = /^([a-z]+):\/\/(.*)$/.exec(kms) ?? [];
  if (KMS_SCHEMES.get(scheme)?.test(rest) === true) return { kind: 'kms', reference: kms };
  const expected =
    scheme === 'awskms' ? 'awskms://[HOST]/arn:aws:kms:...:key/ID or alias/NAME' : [...KMS_SCHEMES.keys()].join(', ');
  throw new AppError('invalid-input', `${where}.kms: expected a key of ${expected}, found "${kms}"`);
}

function importKey(text: string, { hashAlgorithm }: Fields, where: string): PublicKeyRef {
  const key = readPem(text, where);
  const own = OWN_HASHES[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (hashAlgorithm !== undefined && hashAlgorithm !== 'sha256' && hashAlgorithm !== own) {
    const known = own === undefined ? 'sha256' : `sha256 or ${own}`;
    throw new AppError('invalid-input', `${where}: hashAlgorithm: expected ${known}, found "${hashAlgorithm}"`);
  }
  return { pem: text, keyId: digestOf(key.export({ type: 'spki', format: 'der' })) };
}

function readPem(pem: string, where: string): KeyObject {
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
