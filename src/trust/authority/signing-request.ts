/** What clients of Fulcio send to prove that they hold a key: a signature over who they are, or a PKCS #10 request (RFC 2986). */
import { AppError } from '../../core/index.ts';
import {
  contextTag,
  DerReader,
  importPublicKey,
  importSpki,
  isSignedBy,
  parsePem,
  readSignatureAlgorithm,
  TAG,
  type PublicKey,
} from '../crypto/index.ts';

const MAX_REQUEST_BYTES = 16 * 1024;

/** The key of a request that is signed by it. Throws `invalid-input`. */
export function keyOfSigningRequest(pem: string): PublicKey {
  const what = 'certificate signing request';
  const block = parsePem(pem, what);
  if (!block.label.endsWith('CERTIFICATE REQUEST') || block.bytes.length > MAX_REQUEST_BYTES)
    throw new AppError('invalid-input', `${what}: expected a PEM block CERTIFICATE REQUEST, found ${block.label}`);
  const document = DerReader.open(block.bytes, what);
  const request = document.enter(TAG.sequence);
  document.end();
  const signed = request.whole(TAG.sequence);
  const algorithm = readSignatureAlgorithm(request);
  const signature = request.bitString();
  request.end();
  const info = DerReader.open(signed, what).enter(TAG.sequence);
  if (info.small() !== 0) throw info.fault('version 1', 'another');
  info.skip(TAG.sequence);
  const key = importSpki(info.whole(TAG.sequence), what);
  info.skipIf(contextTag(0));
  info.end();
  if (isSignedBy(key, algorithm, { content: signed, signature })) return key;
  throw new AppError('invalid-input', `${what}: expected a signature by its own key, found another`);
}

/** The key, when it signed the text. Throws `invalid-input`. */
export function keyOfProof(pem: string, subject: string, proof: Uint8Array): PublicKey {
  const key = importPublicKey(pem, 'public key');
  if (key.verify(Buffer.from(subject), proof)) return key;
  throw new AppError(
    'invalid-input',
    `proof of possession: expected the key's signature over ${JSON.stringify(subject)}, found another`,
  );
}
