/**
 * Programs named `sigstore-kms-SCHEME`, protocol v1 of cosign's plugins: the request is JSON in an argument, what is to be signed comes on
 * standard input, the answer is JSON on standard output. Keys are opened and used; creating them is left to the program.
 */
import { createHash } from 'node:crypto';
import { AppError, decodeJson, object, optional, string } from '../../../core/index.ts';
import { decodeBase64, encodeBase64, importPublicKey } from '../../crypto/index.ts';
import { remoteKey, type KeyName, type KeyProvider, type KeySources } from '../provider.ts';

const PROTOCOL = 'v1';
/** Go's number of SHA-256 in crypto.Hash. */
const SHA256 = 5;
const MAX_ANSWER_BYTES = 1024 * 1024;

const answer = object({
  errorMessage: optional(string),
  publicKey: optional(object({ publicKeyPEM: string })),
  signMessage: optional(object({ signature: string })),
});

export const plugin: KeyProvider = {
  scheme: undefined,
  open: async (sources, name, signal) => {
    const rpcOptions = { keyVersion: '', remoteVerification: false };
    const key = await ask(sources, name, { method: 'publicKey', values: { publicKeyOptions: { rpcOptions } }, signal });
    const pem = Buffer.from(decodeBase64(key.publicKey?.publicKeyPEM ?? '', `key ${name.text}`)).toString();
    return remoteKey(importPublicKey(pem, `key ${name.text}`), name, async (content) => {
      const digest = encodeBase64(createHash('sha256').update(content).digest());
      const values = { signOptions: { rpcOptions, messageOptions: { digest } } };
      const signed = await ask(sources, name, { method: 'signMessage', values, input: content, signal });
      return decodeBase64(signed.signMessage?.signature ?? '', `key ${name.text}: signature`);
    });
  },
};

interface Question {
  readonly method: 'publicKey' | 'signMessage';
  readonly values: object;
  readonly input?: Uint8Array;
  readonly signal: AbortSignal | undefined;
}

async function ask(sources: KeySources, name: KeyName, question: Question): Promise<ReturnType<typeof answer>> {
  const { method, values, input, signal } = question;
  const program = `sigstore-kms-${name.scheme}`;
  const request = {
    initOptions: {
      protocolVersion: PROTOCOL,
      keyResourceID: name.rest,
      hashFunc: SHA256,
      rpcOptions: { keyVersion: '', remoteVerification: false },
    },
    methodName: method,
    [method]: values,
  };
  const { code, stdout, stderr } = await sources.run(program, [PROTOCOL, JSON.stringify(request)], {
    maxBytes: MAX_ANSWER_BYTES,
    ...(input === undefined ? {} : { input }),
    ...(signal === undefined ? {} : { signal }),
  });
  if (stdout.trim() === '')
    throw new AppError('unavailable', `${program}: ended with ${code}: ${stderr.trim().slice(0, 300)}`);
  const found = decodeJson(stdout, answer, { what: program, maxBytes: MAX_ANSWER_BYTES });
  const message = found.errorMessage ?? '';
  if (message !== '') throw new AppError('unavailable', `${program}: ${message.slice(0, 300)}`);
  return found;
}
