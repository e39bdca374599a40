/**
 * `gcpkms://projects/P/locations/L/keyRings/R/cryptoKeys/K[/versions/V]`: keys of Google Cloud KMS, through Google's own client
 * `@google-cloud/kms`, which finds credentials as it always does. Without a version the newest enabled one signs.
 */
import { createHash } from 'node:crypto';
import { AppError, isRecord } from '../../../core/index.ts';
import { importPublicKey } from '../../crypto/index.ts';
import { bytesIn, constructorIn, methodIn, textIn } from '../client-package.ts';
import { remoteKey, requireSha256, type KeyName, type KeyProvider } from '../provider.ts';

const PACKAGE = '@google-cloud/kms';
const NAME =
  /^(projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+)(?:\/(?:cryptoKeyVersions|versions)\/(\d+))?$/;

export const gcp: KeyProvider = {
  scheme: 'gcpkms',
  open: async (sources, name) => {
    const [, key, version] = NAME.exec(name.rest) ?? [];
    if (key === undefined) {
      const form = 'gcpkms://projects/P/locations/L/keyRings/R/cryptoKeys/K[/versions/V]';
      throw new AppError('invalid-input', `key ${name.text}: expected ${form}`);
    }
    const client = constructorIn(await sources.loadPackage(PACKAGE), 'KeyManagementServiceClient', PACKAGE)();
    // else its methods begin it in passing, and nobody could catch what goes wrong
    await methodIn(client, 'initialize', PACKAGE)();
    // every method gives a list whose first entry is the answer
    const ask = async (method: string, input: object): Promise<unknown> => {
      const answers = await methodIn(client, method, PACKAGE)(input);
      return Array.isArray(answers) ? answers[0] : undefined;
    };
    const chosen =
      version === undefined ? newestOf(await listEnabled(ask, key), name) : `${key}/cryptoKeyVersions/${version}`;
    const pem = textIn(await ask('getPublicKey', { name: chosen }), 'pem', `key ${name.text}`);
    const publicKey = importPublicKey(pem, `key ${name.text}`);
    requireSha256(publicKey, name);
    return remoteKey(publicKey, name, async (content) => {
      const digest = { sha256: createHash('sha256').update(content).digest() };
      return bytesIn(await ask('asymmetricSign', { name: chosen, digest }), 'signature', `key ${name.text}`);
    });
  },
};

type Ask = (method: string, input: object) => Promise<unknown>;

async function listEnabled(ask: Ask, parent: string): Promise<unknown> {
  return await ask('listCryptoKeyVersions', { parent, filter: 'state=ENABLED' });
}

function newestOf(versions: unknown, { text }: KeyName): string {
  const names = (Array.isArray(versions) ? versions : []).flatMap((entry: unknown) =>
    isRecord(entry) && typeof entry.name === 'string' ? [entry.name] : [],
  );
  const numberIn = (name: string) => Number(name.slice(name.lastIndexOf('/') + 1));
  const [newest] = names.sort((one, other) => numberIn(other) - numberIn(one));
  if (newest !== undefined) return newest;
  throw new AppError('not-found', `key ${text}: no version of it is enabled`);
}
