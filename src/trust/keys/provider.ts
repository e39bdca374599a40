/** Keys that live elsewhere: one provider for each kind of place, by the scheme of the key's name. */
import {
  AppError,
  type Environment,
  type Files,
  type Http,
  type LoadPackage,
  type RunProgram,
} from '../../core/index.ts';
import type { PublicKey, SigningKey } from '../crypto/index.ts';

/** What providers may need of the world. */
export interface KeySources {
  readonly files: Files;
  readonly environment: Environment;
  readonly http: Http;
  readonly run: RunProgram;
  readonly loadPackage: LoadPackage;
  /** The user's home folder. */
  readonly home: string;
  readonly settings: { readonly cacheDir: string };
}

/** A key's name in parts: `scheme:rest` or `scheme://rest`. */
export interface KeyName {
  readonly scheme: string;
  readonly rest: string;
  /** For messages; without what must stay secret. */
  readonly text: string;
}

export interface KeyProvider {
  /** Of the names it takes; undefined takes what no other one does. */
  readonly scheme: string | undefined;
  /** Throws `not-found`, `unauthorized`, `unavailable`, and `invalid-input` for names and keys that are of no use. */
  open(sources: KeySources, name: KeyName, signal?: AbortSignal): Promise<SigningKey>;
}

/**
 * A key whose signatures are checked as they come: a service that signs with another key than it shows would else be found out by those
 * who verify.
 */
export function remoteKey(
  publicKey: PublicKey,
  name: KeyName,
  sign: (content: Uint8Array) => Promise<Uint8Array>,
): SigningKey {
  return {
    publicKey,
    sign: async (content) => {
      const signature = await sign(content);
      if (publicKey.verify(content, signature)) return signature;
      throw new AppError(
        'invalid-input',
        `key ${name.text}: expected a signature by ${publicKey.keyId}, found another`,
      );
    },
  };
}

/** Services sign P-384 and P-521 with longer hashes only, which neither logs nor bundles of keys name. */
export function requireSha256(publicKey: PublicKey, name: KeyName): void {
  if (publicKey.algorithm === 'ecdsa-p256' || publicKey.algorithm === 'rsa') return;
  throw new AppError(
    'invalid-input',
    `key ${name.text}: expected an ECDSA P-256 or RSA key, found ${publicKey.algorithm}`,
  );
}
