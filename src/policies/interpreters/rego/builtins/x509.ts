/**
 * Certificates (RFC 5280) and requests for them (RFC 2986) as Go prints them. Of a certificate: Raw, Version, SerialNumber, Subject, Issuer,
 * NotBefore, NotAfter, IsCA, BasicConstraintsValid, KeyUsage, ExtKeyUsage, DNSNames, EmailAddresses, IPAddresses, URIStrings,
 * SubjectKeyId, AuthorityKeyId and Extensions; other members are absent.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { fromJson } from '../json.ts';
import { builtinError } from '../evaluate/vm.ts';
import type { Vm } from '../evaluate/vm.ts';
import type { RegoValue } from '../value.ts';
import { decodeBase64 } from './encoding.ts';
import { children, decodeOid, decodeText, decodeTime, readDer } from './der.ts';
import type { Der } from './der.ts';
import { attempt, textAt } from './operands.ts';
import type { Args, Builtins } from './operands.ts';

/** Ceiling of one chain, as in TLS libraries. */
const MAX_CERTIFICATES = 100;

/** Members of Go's `pkix.Name` by the type of the attribute. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  '2.5.4.6': 'Country',
  '2.5.4.10': 'Organization',
  '2.5.4.11': 'OrganizationalUnit',
  '2.5.4.7': 'Locality',
  '2.5.4.8': 'Province',
  '2.5.4.9': 'StreetAddress',
  '2.5.4.17': 'PostalCode',
  '2.5.4.3': 'CommonName',
  '2.5.4.5': 'SerialNumber',
};

/** Go's numbers of what extended key usages allow. */
const EXTENDED_USAGES: Readonly<Record<string, number>> = {
  '2.5.29.37.0': 0,
  '1.3.6.1.5.5.7.3.1': 1,
  '1.3.6.1.5.5.7.3.2': 2,
  '1.3.6.1.5.5.7.3.3': 3,
  '1.3.6.1.5.5.7.3.4': 4,
  '1.3.6.1.5.5.7.3.8': 8,
  '1.3.6.1.5.5.7.3.9': 9,
};

/** DER of each block of PEM with the label, or of what base64 holds: PEM again, or DER of one after the other. */
function blocksOf(text: string, label: string): Buffer[] {
  const begin = `-----BEGIN ${label}-----`;
  const plain = text.trimStart().startsWith(begin) ? text : decodeBase64(text).toString('latin1');
  if (!plain.trimStart().startsWith(begin)) return splitDer(decodeBase64(text));
  const pattern = new RegExp(`-----BEGIN ${label}-----([\\sA-Za-z0-9+/=]*)-----END ${label}-----`, 'g');
  const blocks = [...plain.matchAll(pattern)].map(([, body = '']) => Buffer.from(body, 'base64'));
  if (blocks.length === 0 || blocks.length > MAX_CERTIFICATES)
    throw builtinError(`expected 1 to ${MAX_CERTIFICATES} blocks of ${label}, found ${blocks.length}`);
  return blocks;
}

function splitDer(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length && found.length < MAX_CERTIFICATES;) {
    const { raw } = readDer(bytes, at);
    found.push(raw);
    at += raw.length;
  }
  return found;
}

function parseName(name: Der): Record<string, unknown> {
  const made: Record<string, unknown> = {
    ...Object.fromEntries(Object.values(ATTRIBUTES).map((key) => [key, null])),
    CommonName: '',
    SerialNumber: '',
    Names: [],
    ExtraNames: null,
  };
  for (const attribute of children(name).flatMap(children)) {
    const [type, value] = children(attribute);
    if (type === undefined || value === undefined) continue;
    const oid = decodeOid(type);
    const text = decodeText(value);
    (made.Names as unknown[]).push({ Type: oid.split('.').map(Number), Value: text });
    const key = ATTRIBUTES[oid];
    if (key === undefined) continue;
    if (key === 'CommonName' || key === 'SerialNumber') made[key] = text;
    else made[key] = [...((made[key] as string[] | null) ?? []), text];
  }
  return made;
}

interface Extension {
  readonly id: string;
  readonly isCritical: boolean;
  readonly value: Buffer;
}

function parseExtensions(list: Der | undefined): Extension[] {
  return (list === undefined ? [] : children(list)).map((extension) => {
    const parts = children(extension);
    const [id, flag] = parts;
    const value = parts.at(-1);
    if (id === undefined || value === undefined) throw builtinError('x509: malformed extension');
    return { id: decodeOid(id), isCritical: flag?.tag === 1 && flag.content[0] !== 0, value: value.content };
  });
}

function namesOf(extensions: readonly Extension[]): Record<string, unknown> {
  const found = extensions.find(({ id }) => id === '2.5.29.17');
  const entries = found === undefined ? [] : children(readDer(found.value, 0));
  const of = (tag: number): string[] | null => {
    const values = entries.filter((entry) => entry.tag === tag).map(({ content }) => content.toString('latin1'));
    return values.length === 0 ? null : values;
  };
  const addresses = entries.filter(({ tag }) => tag === 0x87).map(({ content }) => formatAddress(content));
  return {
    EmailAddresses: of(0x81),
    DNSNames: of(0x82),
    URIStrings: of(0x86),
    IPAddresses: addresses.length === 0 ? null : addresses,
  };
}

function formatAddress(bytes: Buffer): string {
  if (bytes.length === 4) return [...bytes].join('.');
  const groups = bytes.toString('hex').match(/.{4}/g) ?? [];
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

function valueOf(extensions: readonly Extension[], id: string): Der | undefined {
  const found = extensions.find((extension) => extension.id === id);
  return found === undefined ? undefined : readDer(found.value, 0);
}

/** Bits of the usage, the first one lowest. */
function keyUsageOf(extensions: readonly Extension[]): number {
  const bits = valueOf(extensions, '2.5.29.15')?.content.subarray(1) ?? Buffer.alloc(0);
  let usage = 0;
  for (let i = 0; i < bits.length * 8 && i < 9; i += 1) {
    if (((bits[i >> 3] ?? 0) & (0x80 >> (i & 7))) !== 0) usage |= 1 << i;
  }
  return usage;
}

function parseCertificate(raw: Buffer): Record<string, unknown> {
  const [body] = children(readDer(raw, 0));
  if (body === undefined) throw builtinError('x509: malformed certificate');
  const parts = children(body);
  const hasVersion = parts[0]?.tag === 0xa0;
  const [serial, , issuer, validity, subject] = hasVersion ? parts.slice(1) : parts;
  if (serial === undefined || issuer === undefined || validity === undefined || subject === undefined)
    throw builtinError('x509: malformed certificate');
  const [from, to] = children(validity);
  if (from === undefined || to === undefined) throw builtinError('x509: malformed certificate');
  const list = parts.find(({ tag }) => tag === 0xa3);
  const extensions = parseExtensions(list === undefined ? undefined : children(list)[0]);
  const constraints = valueOf(extensions, '2.5.29.19');
  const usages = valueOf(extensions, '2.5.29.37');
  const version = hasVersion ? (children(parts[0] as Der)[0]?.content[0] ?? 0) + 1 : 1;
  return {
    Raw: raw.toString('base64'),
    Version: version,
    SerialNumber: BigInt(`0x${serial.content.toString('hex') || '0'}`),
    Issuer: parseName(issuer),
    Subject: parseName(subject),
    NotBefore: decodeTime(from),
    NotAfter: decodeTime(to),
    KeyUsage: keyUsageOf(extensions),
    ExtKeyUsage:
      usages === undefined ? null : children(usages).flatMap((usage) => EXTENDED_USAGES[decodeOid(usage)] ?? []),
    BasicConstraintsValid: constraints !== undefined,
    IsCA:
      constraints !== undefined && children(constraints)[0]?.tag === 1 && children(constraints)[0]?.content[0] !== 0,
    SubjectKeyId: valueOf(extensions, '2.5.29.14')?.content.toString('base64') ?? null,
    AuthorityKeyId: authorityOf(extensions),
    ...namesOf(extensions),
    Extensions: extensions.map(({ id, isCritical, value }) => ({
      Id: id.split('.').map(Number),
      Critical: isCritical,
      Value: value.toString('base64'),
    })),
  };
}

function authorityOf(extensions: readonly Extension[]): string | null {
  const value = valueOf(extensions, '2.5.29.35');
  const id = value === undefined ? undefined : children(value).find(({ tag }) => tag === 0x80);
  return id?.content.toString('base64') ?? null;
}

function parseCertificates(args: Args): RegoValue {
  return fromJson(blocksOf(textAt(args, 0), 'CERTIFICATE').map(parseCertificate));
}

function parseRequest(args: Args): RegoValue {
  const [raw] = blocksOf(textAt(args, 0), 'CERTIFICATE REQUEST');
  const [body] = raw === undefined ? [] : children(readDer(raw, 0));
  const [version, subject, , attributes] = body === undefined ? [] : children(body);
  if (version === undefined || subject === undefined || raw === undefined) throw builtinError('asn1: structure error');
  const asked = attributes === undefined ? [] : children(attributes);
  const wanted = asked.find((attribute) => decodeOid(children(attribute)[0] as Der) === '1.2.840.113549.1.9.14');
  const list = wanted === undefined ? undefined : children(children(wanted)[1] as Der)[0];
  return fromJson({
    Raw: raw.toString('base64'),
    Version: version.content[0] ?? 0,
    Subject: parseName(subject),
    ...namesOf(parseExtensions(list)),
  });
}

/** The last certificate is the root, which is trusted, the first one what is to be verified; those between may be in any order. */
function parseAndVerify(args: Args, vm: Vm): RegoValue {
  try {
    const blocks = blocksOf(textAt(args, 0), 'CERTIFICATE');
    const certificates = blocks.map((raw) => new X509Certificate(raw));
    const [root, leaf] = [certificates[0], certificates.at(-1)];
    if (root === undefined || leaf === undefined || certificates.length < 2) return [false, []];
    const chain = chainOf(leaf, certificates.slice(1, -1), root, vm.now);
    return chain === undefined ? [false, []] : [true, fromJson(chain.map(({ raw }) => parseCertificate(raw)))];
  } catch {
    // as in OPA: what is no certificate is not valid
    return [false, []];
  }
}

function chainOf(
  leaf: X509Certificate,
  between: readonly X509Certificate[],
  root: X509Certificate,
  at: Date,
): X509Certificate[] | undefined {
  const isCurrent = (certificate: X509Certificate) => certificate.validFromDate <= at && at <= certificate.validToDate;
  if (!isCurrent(leaf)) return undefined;
  const isIssuer = (issuer: X509Certificate) => issuer.ca && leaf.checkIssued(issuer) && leaf.verify(issuer.publicKey);
  if (isIssuer(root) && isCurrent(root)) return [leaf, root];
  for (const issuer of between) {
    if (!isIssuer(issuer)) continue;
    const rest = chainOf(
      issuer,
      between.filter((other) => other !== issuer),
      root,
      at,
    );
    if (rest !== undefined) return [leaf, ...rest];
  }
  return undefined;
}

function parseRsaKey(args: Args): RegoValue {
  const text = textAt(args, 0);
  const pem = text.startsWith('-----BEGIN') ? text : decodeBase64(text).toString();
  const key = attempt(() => createPrivateKey(pem));
  if (key.asymmetricKeyType !== 'rsa') throw builtinError('expected a private key of RSA');
  return fromJson(key.export({ format: 'jwk' }));
}

export const X509: Builtins = {
  'crypto.x509.parse_certificates': parseCertificates,
  'crypto.x509.parse_and_verify_certificates': parseAndVerify,
  'crypto.x509.parse_certificate_request': parseRequest,
  'crypto.x509.parse_rsa_private_key': parseRsaKey,
};
