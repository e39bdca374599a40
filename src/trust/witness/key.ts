/** The key of a witness in a folder: Ed25519, encrypted with a password in the form of cosign's key files, beside its verifier key. */
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { AppError, type Files, type Random } from '../../core/index.ts';
import { formatVerifierKey, importPkcs8, NOTE_KEY_TYPE, parseVerifierKey, type CosigningKey } from '../crypto/index.ts';
import { decryptKeyFile, encryptKeyFile } from '../keys/key-file.ts';

const MAX_KEY_BYTES = 16 * 1024;
const TYPE = NOTE_KEY_TYPE.cosignature;

export interface WitnessKey extends CosigningKey {
  /** `NAME+HINT+KEY`, for policies. */
  readonly verifierKey: string;
}

/** The file that says its name comes last: until then there is no witness in the folder. */
export async function createWitnessKey(
  { files, random }: { readonly files: Files; readonly random: Random },
  folder: string,
  { name, password }: { readonly name: string; readonly password: string },
): Promise<void> {
  if (!/^[^\s+]+$/.test(name))
    throw new AppError(
      'usage',
      `name of a witness: expected no spaces and no plus sign, found ${JSON.stringify(name)}`,
    );
  const pkcs8 = new Uint8Array(generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }));
  const { publicKey } = importPkcs8(pkcs8, 'witness');
  await files.writeAtomic(join(folder, 'witness.key'), encryptKeyFile(pkcs8, password, random), { mode: 0o600 });
  await files.writeAtomic(join(folder, 'witness.vkey'), `${formatVerifierKey(name, TYPE, publicKey)}\n`);
}

/** Undefined where there is none. Throws `invalid-input` for a wrong password. */
export async function openWitnessKey(
  files: Files,
  folder: string,
  password: () => Promise<string>,
): Promise<WitnessKey | undefined> {
  const [keyPath, path] = [join(folder, 'witness.key'), join(folder, 'witness.vkey')];
  if ((await files.stat(path)) === undefined) return undefined;
  const read = async (file: string) => new TextDecoder().decode(await files.read(file, MAX_KEY_BYTES));
  const verifierKey = (await read(path)).trim();
  const { name, key, keyId } = parseVerifierKey(verifierKey, TYPE, path);
  const signing = decryptKeyFile(await read(keyPath), await password(), keyPath);
  if (signing.publicKey.keyId !== key.keyId)
    throw new AppError('invalid-input', `${keyPath}: expected the key of ${path}, found another`);
  return { name, key, keyId, signing, verifierKey };
}
