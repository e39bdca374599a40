/** Values of DER (X.690) and the structures that certificates and timestamps share (RFC 5280), for writing. */
import { contextTag, encodeDer, TAG } from './der.ts';

export const sequence = (...parts: readonly Uint8Array[]): Uint8Array => encodeDer(TAG.sequence, ...parts);
export const octets = (...parts: readonly Uint8Array[]): Uint8Array => encodeDer(TAG.octetString, ...parts);
export const bits = (bytes: Uint8Array, unused = 0): Uint8Array =>
  encodeDer(TAG.bitString, Uint8Array.of(unused), bytes);
export const utf8 = (text: string): Uint8Array => encodeDer(TAG.utf8String, Buffer.from(text));
export const explicit = (number: number, ...parts: readonly Uint8Array[]): Uint8Array =>
  encodeDer(contextTag(number), ...parts);
export const implicit = (number: number, content: Uint8Array): Uint8Array =>
  encodeDer(contextTag(number, 'primitive'), content);
export const TRUE = encodeDer(TAG.boolean, Uint8Array.of(0xff));

/** DER has the members of a set in the order of their bytes (X.690 11.6). */
export function setOf(...members: readonly Uint8Array[]): Uint8Array {
  return encodeDer(TAG.set, ...members.toSorted((one, other) => Buffer.compare(one, other)));
}

/** The same under a context tag. */
export function implicitSetOf(number: number, ...members: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([Uint8Array.of(contextTag(number)), setOf(...members).subarray(1)]);
}

export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift((left % 128) | 0x80);
    return groups;
  });
  return encodeDer(TAG.oid, Uint8Array.from(bytes));
}

/** Of big-endian bytes without a sign. */
export function natural(...bytes: readonly number[]): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  const shortest = first === -1 ? [0] : bytes.slice(first);
  return encodeDer(TAG.integer, Uint8Array.from((shortest[0] ?? 0) >= 0x80 ? [0, ...shortest] : shortest));
}

/** Whole seconds, as RFC 5280 has them. */
export function generalizedTime(at: Date): Uint8Array {
  return encodeDer(TAG.generalizedTime, Buffer.from(`${at.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`));
}

/** RFC 5280 4.1.2.5: two digits of the year until 2049. */
export function certificateTime(at: Date): Uint8Array {
  if (at.getUTCFullYear() >= 2050) return generalizedTime(at);
  return encodeDer(TAG.utcTime, Buffer.from(`${at.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`));
}

/** A distinguished name of organization and common name. */
export function distinguishedName(organization: string, commonName: string): Uint8Array {
  const attribute = (type: string, value: string) => encodeDer(TAG.set, sequence(oid(type), utf8(value)));
  return sequence(attribute('2.5.4.10', organization), attribute('2.5.4.3', commonName));
}

export interface Extension {
  readonly oid: string;
  readonly value: Uint8Array;
  readonly isCritical?: boolean;
}

export function encodeExtension(extension: Extension): Uint8Array {
  const critical = extension.isCritical === true ? [TRUE] : [];
  return sequence(oid(extension.oid), ...critical, octets(extension.value));
}

/** Behind its length in so many bytes: a vector of TLS (RFC 5246 4.3). */
export function vector(lengthBytes: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntBE(content.length, 0, lengthBytes);
  return Buffer.concat([length, content]);
}

/** A number of 64 bits, big-endian. */
export function uint64(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

/** A serial number is a positive integer: its first bit is zero, its first byte is not. */
export function positive(serial: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(serial);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01;
  return bytes;
}
