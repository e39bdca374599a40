/**
 * `azurekms://VAULT_HOST/KEY[/VERSION]`: keys of Azure Key Vault and Managed HSM, through Microsoft's own clients `@azure/keyvault-keys` and
 * `@azure/identity`, which find credentials as they always do.
 */
import { createHash, createPublicKey } from 'node:crypto';
import { AppError, isRecord } from '../../../core/index.ts';
import { importSpki } from '../../crypto/index.ts';
import { bytesIn, constructorIn, methodIn } from '../client-package.ts';
import { remoteKey, requireSha256, type KeyProvider } from '../provider.ts';

const PACKAGE = '@azure/keyvault-keys';
const IDENTITY = '@azure/identity';

export const azure: KeyProvider = {
  scheme: 'azurekms',
  open: async (sources, name, signal) => {
    const [, host, id, version] = /^([^/]+)\/([\w-]+)(?:\/(\w+))?$/.exec(name.rest) ?? [];
    if (host === undefined || id === undefined)
      throw new AppError('invalid-input', `key ${name.text}: expected azurekms://VAULT_HOST/KEY[/VERSION]`);
    const loaded = await sources.loadPackage(PACKAGE);
    const credential = constructorIn(await sources.loadPackage(IDENTITY), 'DefaultAzureCredential', IDENTITY)();
    const client = constructorIn(loaded, 'KeyClient', PACKAGE)(`https://${host}`, credential);
    const options = {
      ...(version === undefined ? {} : { version }),
      ...(signal === undefined ? {} : { abortSignal: signal }),
    };
    const found = await methodIn(client, 'getKey', PACKAGE)(id, options);
    const publicKey = importSpki(spkiOf(isRecord(found) ? found.key : undefined, name.text), `key ${name.text}`);
    requireSha256(publicKey, name);
    const signer = constructorIn(loaded, 'CryptographyClient', PACKAGE)(found, credential);
    const isRsa = publicKey.algorithm === 'rsa';
    return remoteKey(publicKey, name, async (content) => {
      const digest = createHash('sha256').update(content).digest();
      const signed = await methodIn(signer, 'sign', PACKAGE)(isRsa ? 'RS256' : 'ES256', digest);
      const bytes = bytesIn(signed, 'result', `key ${name.text}`);
      return isRsa ? bytes : derOf(bytes, name.text);
    });
  },
};

/** From the service's JSON Web Key, whose numbers are bytes. Throws `invalid-input`. */
function spkiOf(key: unknown, text: string): Uint8Array {
  const fields = Object.entries(isRecord(key) ? key : {}).flatMap(([field, value]) => {
    if (value instanceof Uint8Array) return [[field, Buffer.from(value).toString('base64url')] as const];
    // keys in hardware have types of their own
    const text = field === 'kty' ? String(value).replace('-HSM', '') : value;
    return ['kty', 'crv'].includes(field) && typeof text === 'string' ? [[field, text] as const] : [];
  });
  const jwk: Record<string, string> = Object.fromEntries(fields);
  try {
    const spki = createPublicKey({ key: jwk, format: 'jwk' });
    return new Uint8Array(spki.export({ format: 'der', type: 'spki' }));
  } catch (cause) {
    throw new AppError('invalid-input', `key ${text}: expected an ECDSA or RSA key, found another`, { cause });
  }
}

/** Two numbers of 32 bytes as DER (RFC 3279 2.2.3): what signatures of the field are. */
function derOf(signature: Uint8Array, text: string): Uint8Array {
  if (signature.length !== 64)
    throw new AppError('invalid-input', `key ${text}: expected a signature of 64 bytes, found ${signature.length}`);
  const numbers = [signature.subarray(0, 32), signature.subarray(32)].map((bytes) => {
    const start = bytes.findIndex((byte) => byte !== 0);
    const short = Buffer.from(bytes.subarray(start < 0 ? 31 : start));
    const positive = (short[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), short]) : short;
    return Buffer.concat([Buffer.of(0x02, positive.length), positive]);
  });
  const body = Buffer.concat(numbers);
  return Buffer.concat([Buffer.of(0x30, body.length), body]);
}
