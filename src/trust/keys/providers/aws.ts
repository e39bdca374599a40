/**
 * `awskms://[ENDPOINT]/KEY`: keys of AWS KMS (an id, `alias/NAME` or ARN), through Amazon's own client `@aws-sdk/client-kms`, which finds
 * region and credentials as it always does.
 */
import { createHash } from 'node:crypto';
import { AppError } from '../../../core/index.ts';
import { importSpki } from '../../crypto/index.ts';
import { bytesIn, constructorIn, methodIn } from '../client-package.ts';
import { remoteKey, requireSha256, type KeyProvider } from '../provider.ts';

const PACKAGE = '@aws-sdk/client-kms';

export const aws: KeyProvider = {
  scheme: 'awskms',
  open: async (sources, name, signal) => {
    const [, endpoint = '', id = ''] = /^([^/]*)\/(.+)$/.exec(name.rest) ?? [];
    if (id === '') throw new AppError('invalid-input', `key ${name.text}: expected awskms://[ENDPOINT]/KEY`);
    const loaded = await sources.loadPackage(PACKAGE);
    const create = constructorIn(loaded, 'KMSClient', PACKAGE);
    const client = create(endpoint === '' ? {} : { endpoint: `https://${endpoint}` });
    const options = signal === undefined ? {} : { abortSignal: signal };
    const send = async (command: string, input: object): Promise<unknown> =>
      await methodIn(client, 'send', PACKAGE)(constructorIn(loaded, command, PACKAGE)(input), options);
    const shown = await send('GetPublicKeyCommand', { KeyId: id });
    const publicKey = importSpki(bytesIn(shown, 'PublicKey', `key ${name.text}`), `key ${name.text}`);
    requireSha256(publicKey, name);
    return remoteKey(publicKey, name, async (content) => {
      const signed = await send('SignCommand', {
        KeyId: id,
        Message: createHash('sha256').update(content).digest(),
        MessageType: 'DIGEST',
        SigningAlgorithm: publicKey.algorithm === 'rsa' ? 'RSASSA_PKCS1_V1_5_SHA_256' : 'ECDSA_SHA_256',
      });
      return bytesIn(signed, 'Signature', `key ${name.text}`);
    });
  },
};
