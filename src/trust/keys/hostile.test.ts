/** Whatever stands in a key file, a note or an envelope, it is read or refused as invalid input. */
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { formatEnvelope, parseEnvelope } from '../../attestations/index.ts';
import { importPkcs8, importPlainPrivateKey, importPublicKey, importSpki, parseCheckpoint } from '../crypto/index.ts';
import { fuzz } from '../crypto/testing.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

test('mutated keys are read or refused as invalid input', () => {
  fuzz(privateKey.export({ format: 'der', type: 'pkcs8' }), (bytes) => importPkcs8(bytes, 'key'));
  fuzz(publicKey.export({ format: 'der', type: 'spki' }), (bytes) => importSpki(bytes, 'key'));
  const pem = Buffer.from(privateKey.export({ format: 'pem', type: 'sec1' }));
  fuzz(pem, (bytes) => importPlainPrivateKey(text(bytes), 'key'));
  fuzz(Buffer.from(publicKey.export({ format: 'pem', type: 'spki' })), (bytes) => importPublicKey(text(bytes), 'key'));
});

test('mutated checkpoints and envelopes are read or refused as invalid input', () => {
  const root = Buffer.alloc(32).toString('base64');
  const checkpoint = `log.example\n42\n${root}\n\n\u2014 log.example ${Buffer.alloc(68).toString('base64')}\n`;
  fuzz(Buffer.from(checkpoint), (bytes) => parseCheckpoint(Buffer.from(bytes).toString(), 'checkpoint'));
  const signatures = [{ keyid: 'a', sig: Buffer.from(root, 'base64') }];
  const encoded = formatEnvelope({ payloadType: 'text/plain', payload: Buffer.from('payload'), signatures });
  fuzz(Buffer.from(encoded), (bytes) => parseEnvelope(bytes, 'envelope'));
});
