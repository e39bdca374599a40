/**
 * `hashivault://KEY`: the transit engine of HashiCorp Vault and OpenBao by its HTTP interface. VAULT_ADDR and VAULT_TOKEN (else
 * ~/.vault-token) say where and as whom, TRANSIT_SECRET_ENGINE_PATH where the engine is mounted, VAULT_NAMESPACE and VAULT_CACERT as usual.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { AppError, mapOf, natural, object, string } from '../../../core/index.ts';
import { exchange, jsonOf, postJson } from '../../clients/exchange.ts';
import { decodeBase64, encodeBase64, importPublicKey, importSpki, type PublicKey } from '../../crypto/index.ts';
import { remoteKey, type KeyName, type KeyProvider, type KeySources } from '../provider.ts';

const WHAT = 'Vault';
const MAX_TOKEN_BYTES = 16 * 1024;
const MAX_PEM_BYTES = 1024 * 1024;

const keyAnswer = object({
  data: object({ type: string, latest_version: natural, keys: mapOf((value: unknown) => value) }),
});
const version = object({ public_key: string });
const signAnswer = object({ data: object({ signature: string }) });

export const vault: KeyProvider = {
  scheme: 'hashivault',
  open: async (sources, name, signal) => {
    if (!/^\w(?:[\w.-]*\w)?$/.test(name.rest))
      throw new AppError('invalid-input', `key ${name.text}: expected hashivault://KEY`);
    const { base, ...options } = await connect(sources);
    const place = `${base}/keys/${name.rest}`;
    const found = jsonOf(await exchange(sources.http, WHAT, { ...options, url: place, signal }), WHAT, place);
    const { data } = keyAnswer(found, place);
    const publicKey = publicKeyOf(version(data.keys[String(data.latest_version)], place).public_key, name);
    return remoteKey(publicKey, name, async (content) => {
      // pure Ed25519 is over the content; all else over its hash
      const isHashed = publicKey.algorithm !== 'ed25519';
      const input = encodeBase64(isHashed ? createHash('sha256').update(content).digest() : content);
      const request = { input, prehashed: isHashed, key_version: data.latest_version, signature_algorithm: 'pkcs1v15' };
      const url = `${base}/sign/${name.rest}${isHashed ? '/sha2-256' : ''}`;
      const signed = jsonOf(await postJson(sources.http, WHAT, url, request, { ...options, signal }), WHAT, url);
      const text = signAnswer(signed, url).data.signature.replace(/^vault:v\d+:/, '');
      return decodeBase64(text, `key ${name.text}: signature`);
    });
  },
};

/** DER around the 32 bytes that Vault gives of an Ed25519 key (RFC 8410). */
const ED25519_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

function publicKeyOf(text: string, { text: name }: KeyName): PublicKey {
  const what = `key ${name}`;
  if (text.includes('-----BEGIN ')) return importPublicKey(text, what);
  return importSpki(Buffer.concat([ED25519_PREFIX, decodeBase64(text, what)]), what);
}

async function connect({ environment, files, home }: KeySources) {
  const address = environment['VAULT_ADDR'] ?? '';
  if (address === '') throw new AppError('usage', 'hashivault: expected VAULT_ADDR to say where Vault is, found none');
  const given = environment['VAULT_TOKEN'] ?? '';
  const token = given === '' ? await read(files, join(home, '.vault-token'), MAX_TOKEN_BYTES) : given;
  const namespace = environment['VAULT_NAMESPACE'] ?? '';
  const authority = environment['VAULT_CACERT'] ?? '';
  return {
    base: `${address.replace(/\/$/, '')}/v1/${environment['TRANSIT_SECRET_ENGINE_PATH'] ?? 'transit'}`,
    headers: { 'x-vault-token': token.trim(), ...(namespace === '' ? {} : { 'x-vault-namespace': namespace }) },
    ...(authority === '' ? {} : { tls: { ca: await read(files, authority, MAX_PEM_BYTES) } }),
  };
}

async function read(files: KeySources['files'], path: string, max: number): Promise<string> {
  return new TextDecoder().decode(await files.read(path, max));
}
