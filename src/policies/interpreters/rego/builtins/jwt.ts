/** JSON Web Tokens (RFC 7519) in compact JWS form: decoding, verification with keys that the policy names, signing. */
import { constants, createHmac, createPrivateKey, createPublicKey, sign, timingSafeEqual, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isRecord, parseShallowJson } from '../../../../core/index.ts';
import { formatJson, parseJsonText, toJson } from '../json.ts';
import { compareNumbers, fromDouble, toDouble } from '../number.ts';
import { builtinError } from '../evaluate/vm.ts';
import type { Callable, Vm } from '../evaluate/vm.ts';
import { isArray, isNumber, RegoObject } from '../value.ts';
import type { RegoValue } from '../value.ts';
import { decodeBase64Url } from './encoding.ts';
import { attempt, objectAt, textAt } from './operands.ts';
import type { Args, Builtins } from './operands.ts';

/** Tokens in tokens: ceiling of how deep, each is signed by somebody else. */
const MAX_NESTED = 8;

interface Algorithm {
  readonly kind: 'hmac' | 'rsa' | 'pss' | 'ecdsa' | 'eddsa';
  readonly hash: string;
}

const ALGORITHMS: ReadonlyMap<string, Algorithm> = new Map([
  ...['256', '384', '512'].flatMap((size): [string, Algorithm][] => [
    [`HS${size}`, { kind: 'hmac', hash: `sha${size}` }],
    [`RS${size}`, { kind: 'rsa', hash: `sha${size}` }],
    [`PS${size}`, { kind: 'pss', hash: `sha${size}` }],
    [`ES${size}`, { kind: 'ecdsa', hash: `sha${size}` }],
  ]),
  ['EdDSA', { kind: 'eddsa', hash: '' }] as const,
]);

interface Token {
  readonly signed: string;
  readonly header: RegoObject;
  readonly payload: string;
  readonly signature: Buffer;
}

interface Key {
  readonly key: KeyObject | Buffer;
  readonly algorithm: string;
  readonly id: string;
}

function parseToken(text: string): Token {
  const [header = '', payload = '', signature = '', ...more] = text.split('.');
  if (!text.includes('.')) throw builtinError('encoded JWT had no period separators');
  if (more.length > 0 || text.split('.').length !== 3)
    throw builtinError(`encoded JWT must have 3 sections, found ${text.split('.').length}`);
  const decoded = parseObject(decodeBase64Url(header).toString());
  if (decoded.get('enc') !== undefined) throw builtinError('JWT is a JWE object, which is not supported');
  return {
    signed: `${header}.${payload}`,
    header: decoded,
    payload: decodeBase64Url(payload).toString(),
    signature: decodeBase64Url(signature),
  };
}

function parseObject(text: string): RegoObject {
  const value = attempt(() => parseJsonText(text));
  if (value instanceof RegoObject) return value;
  throw builtinError('decoded JSON type was not an Object');
}

function decode(args: Args, depth = 0): RegoValue {
  const token = parseToken(textAt(args, 0));
  if (token.header.get('cty') === 'JWT' && depth < MAX_NESTED)
    return decode([token.payload.replace(/^["']+|["']+$/g, '')], depth + 1);
  return [token.header, parseObject(token.payload), token.signature.toString('hex')];
}

/** Keys of a certificate, a public key, a JWK or a set of them. */
function parseKeys(text: string): Key[] {
  if (text.trimStart().startsWith('-----BEGIN')) {
    const [, type, rest = ''] = /^\s*-----BEGIN ([A-Z ]+)-----[^-]*-----END \1-----\r?\n?([\s\S]*)$/.exec(text) ?? [];
    if (rest !== '') throw builtinError('extra data after a PEM certificate block');
    if (type !== 'CERTIFICATE' && type !== 'PUBLIC KEY')
      throw builtinError('failed to extract a Key from the PEM certificate');
    return [{ key: attempt(() => createPublicKey(text)), algorithm: '', id: '' }];
  }
  const json = attempt((): unknown => parseShallowJson(text), 'failed to parse a JWK key (set)');
  const keys = isRecord(json) && Array.isArray(json.keys) ? json.keys : [json];
  return keys.map(parseJwk).filter(({ algorithm }) => algorithm === '' || ALGORITHMS.has(algorithm));
}

function parseJwk(jwk: unknown): Key {
  if (!isRecord(jwk)) throw builtinError('failed to parse a JWK key (set)');
  const key = attempt(() =>
    jwk.kty === 'oct' ? Buffer.from(String(jwk.k), 'base64url') : createPublicKey({ key: jwk, format: 'jwk' }),
  );
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  return { key, algorithm: text(jwk.alg), id: text(jwk.kid) };
}

/** A key of another kind than the algorithm's never verifies anything. */
function isSigned(token: Token, name: string, key: KeyObject | Buffer): boolean {
  const algorithm = ALGORITHMS.get(name);
  if (algorithm === undefined) return false;
  const { kind, hash } = algorithm;
  if (Buffer.isBuffer(key)) return kind === 'hmac' && isHmac(token, hash, key);
  const data = Buffer.from(token.signed);
  const type = key.asymmetricKeyType;
  try {
    if (kind === 'rsa' && type === 'rsa') return verify(hash, data, key, token.signature);
    if (kind === 'pss' && type === 'rsa') return verify(hash, data, { key, ...PSS }, token.signature);
    if (kind === 'ecdsa' && type === 'ec')
      return verify(hash, data, { key, dsaEncoding: 'ieee-p1363' }, token.signature);
    return kind === 'eddsa' && type === 'ed25519' && verify(null, data, key, token.signature);
  } catch {
    // a signature that is no signature of this algorithm at all
    return false;
  }
}

const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO };

function isHmac(token: Token, hash: string, key: Buffer): boolean {
  const expected = createHmac(hash, key).update(token.signed).digest();
  return expected.length === token.signature.length && timingSafeEqual(expected, token.signature);
}

function isSignedByAny(token: Token, name: string, keys: readonly Key[]): boolean {
  const id = headerText(token, 'kid');
  const named = id === '' ? undefined : keys.find((key) => key.id === id);
  if (named !== undefined) return isSigned(token, name, named.key);
  const own = headerText(token, 'alg');
  return keys.some(({ key, algorithm }) => (algorithm === '' || algorithm === own) && isSigned(token, name, key));
}

function headerText({ header }: Token, name: string): string {
  const value = header.get(name);
  if (value === undefined) return '';
  if (typeof value !== 'string') throw builtinError(`${name}: must be a string`);
  return value;
}

function verifier(name: string): Callable {
  if (name.startsWith('HS')) {
    return (args) => {
      const token = parseToken(textAt(args, 0));
      return isSigned(token, name, Buffer.from(textAt(args, 1)));
    };
  }
  return (args) => {
    const token = parseToken(textAt(args, 0));
    return isSignedByAny(token, name, parseKeys(textAt(args, 1)));
  };
}

interface Constraints {
  readonly keys: readonly Key[] | undefined;
  readonly secret: string;
  readonly alg: string;
  readonly iss: string;
  readonly aud: string;
  /** Nanoseconds. */
  readonly time: number;
}

function constraintsOf(object: RegoObject, vm: Vm): Constraints {
  const known = ['cert', 'secret', 'alg', 'iss', 'aud', 'time'];
  const text = (name: string): string => {
    const value = object.get(name);
    if (value === undefined) return '';
    if (typeof value !== 'string') throw builtinError(`${name} constraint: must be a string`);
    return value;
  };
  for (const key of object.keys()) {
    if (typeof key !== 'string' || !known.includes(key))
      throw builtinError(`unknown token validation constraint: ${formatJson(key)}`);
  }
  const time = object.get('time');
  if (time !== undefined && !isNumber(time)) throw builtinError('token time constraint: must be a number');
  const at = isNumber(time) ? toDouble(time) : vm.now.getTime() * 1e6;
  if (at < 0) throw builtinError('token time constraint: must not be negative');
  const keys = object.get('cert') === undefined ? undefined : parseKeys(text('cert'));
  const secret = text('secret');
  if (keys !== undefined && secret !== '') throw builtinError('duplicate key constraints');
  if (keys === undefined && secret === '') throw builtinError('no key constraint');
  return { keys, secret, alg: text('alg'), iss: text('iss'), aud: text('aud'), time: at };
}

function hasKnownCritical(token: Token): boolean {
  const critical = token.header.get('crit');
  if (critical === undefined) return true;
  if (!isArray(critical)) throw builtinError('crit: must be a list');
  if (critical.length === 0) throw builtinError('crit: must be a nonempty list');
  const known: RegoValue[] = ['alg', 'kid', 'typ', 'cty', 'crit'];
  return critical.every((name) => known.includes(name) || token.header.get(name) === undefined);
}

function isTrusted(token: Token, constraints: Constraints): boolean {
  const [alg] = ['alg', 'kid', 'typ', 'cty'].map((name) => headerText(token, name));
  if (alg === undefined || alg === '' || !hasKnownCritical(token)) return false;
  if (constraints.alg !== '' && constraints.alg !== alg) return false;
  return constraints.keys === undefined
    ? isSigned(token, alg, Buffer.from(constraints.secret))
    : isSignedByAny(token, alg, constraints.keys);
}

function decodeVerify(args: Args, vm: Vm): RegoValue {
  const constraints = constraintsOf(objectAt(args, 1), vm);
  const unverified = [false, new RegoObject(), new RegoObject()];
  let text = textAt(args, 0);
  for (let depth = 0; depth < MAX_NESTED; depth += 1) {
    const token = parseToken(text);
    if (!isTrusted(token, constraints)) return unverified;
    if (headerText(token, 'cty').toUpperCase() !== 'JWT') {
      const payload = parseObject(token.payload);
      return meets(payload, constraints) ? [true, token.header, payload] : unverified;
    }
    text = token.payload;
  }
  throw builtinError(`expected at most ${MAX_NESTED} tokens within each other, found more`);
}

function meets(payload: RegoObject, { iss, aud, time }: Constraints): boolean {
  if (iss !== '' && payload.get('iss') !== iss) return false;
  const audience = payload.get('aud');
  if (audience === undefined ? aud !== '' : !(isArray(audience) ? audience.includes(aud) : audience === aud))
    return false;
  const seconds = fromDouble(time / 1e9);
  const numberIn = (name: string) => {
    const value = payload.get(name);
    if (value !== undefined && !isNumber(value)) throw builtinError(`${name} value must be a number`);
    return value;
  };
  const [expires, begins] = [numberIn('exp'), numberIn('nbf')];
  if (expires !== undefined && compareNumbers(seconds, expires) >= 0) return false;
  return begins === undefined || compareNumbers(seconds, begins) >= 0;
}

function signRaw(header: string, payload: string, jwk: string): RegoValue {
  const json = attempt((): unknown => parseShallowJson(jwk));
  const first: unknown = isRecord(json) && Array.isArray(json.keys) ? json.keys[0] : json;
  if (!isRecord(first)) throw builtinError('no keys found in JWK set');
  const name = attempt(() => parseJsonText(header));
  const alg = name instanceof RegoObject ? name.get('alg') : undefined;
  const typ = name instanceof RegoObject ? name.get('typ') : undefined;
  if (typeof alg !== 'string') throw builtinError("missing or invalid 'alg' header");
  const algorithm = ALGORITHMS.get(alg);
  if (algorithm === undefined) throw builtinError(`unknown JWS algorithm: ${alg}`);
  if ((typeof typ !== 'string' || typ === 'JWT') && !isJson(payload))
    throw builtinError('type is JWT but payload is not JSON');
  const signed = `${Buffer.from(header).toString('base64url')}.${Buffer.from(payload).toString('base64url')}`;
  const signature = attempt(() => signatureOf(signed, algorithm, first));
  return `${signed}.${signature.toString('base64url')}`;
}

function isJson(text: string): boolean {
  try {
    parseShallowJson(text);
    return true;
  } catch {
    return false;
  }
}

function signatureOf(signed: string, { kind, hash }: Algorithm, jwk: Record<string, unknown>): Buffer {
  if (kind === 'hmac') {
    if (jwk.kty !== 'oct') throw builtinError('key is no secret');
    return createHmac(hash, Buffer.from(String(jwk.k), 'base64url'))
      .update(signed)
      .digest();
  }
  const key = createPrivateKey({ key: jwk, format: 'jwk' });
  const data = Buffer.from(signed);
  if (kind === 'rsa') return sign(hash, data, key);
  if (kind === 'pss') return sign(hash, data, { key, ...PSS, saltLength: constants.RSA_PSS_SALTLEN_DIGEST });
  if (kind === 'ecdsa') return sign(hash, data, { key, dsaEncoding: 'ieee-p1363' });
  return sign(null, data, key);
}

function encodeSign(args: Args): RegoValue {
  const [header, payload] = [objectAt(args, 0), objectAt(args, 1)];
  return signRaw(formatJson(header), formatJson(payload), JSON.stringify(toJson(objectAt(args, 2))));
}

const VERIFIERS = [...ALGORITHMS.keys()].map((name): [string, Callable] => [
  `io.jwt.verify_${name.toLowerCase()}`,
  verifier(name),
]);

export const JWT: Builtins = {
  ...Object.fromEntries(VERIFIERS),
  'io.jwt.decode': (args) => decode(args),
  'io.jwt.decode_verify': decodeVerify,
  'io.jwt.encode_sign': encodeSign,
  'io.jwt.encode_sign_raw': (args) => signRaw(textAt(args, 0), textAt(args, 1), textAt(args, 2)),
};
