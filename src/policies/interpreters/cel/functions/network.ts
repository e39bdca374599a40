/** Addresses and ranges of Kubernetes: `ip(...)`, `cidr(...)`. No zones, and no IPv4 address that is written as IPv6. */
import { formatIpAddress, parseIpAddress } from '../../ip-address.ts';
import type { IpAddress } from '../../ip-address.ts';
import { Failure } from '../values.ts';
import type { Opaque, Result, Value } from '../values.ts';
import { overload } from './overload.ts';
import type { Overload } from './overload.ts';

class Ip implements Opaque {
  readonly kind = 'ip';
  readonly typeName = 'net.IP';
  readonly address: IpAddress;

  constructor(address: IpAddress) {
    this.address = address;
  }

  isEqual(other: Value): boolean {
    return other instanceof Ip && isSameAddress(this.address, other.address);
  }
}

class Cidr implements Opaque {
  readonly kind = 'cidr';
  readonly typeName = 'net.CIDR';
  readonly address: IpAddress;
  readonly length: number;

  constructor(address: IpAddress, length: number) {
    this.address = address;
    this.length = length;
  }

  isEqual(other: Value): boolean {
    return other instanceof Cidr && this.length === other.length && isSameAddress(this.address, other.address);
  }

  contains(address: IpAddress): boolean {
    return address.bits === this.address.bits && this.prefixOf(address) === this.prefixOf(this.address);
  }

  prefixOf({ value, bits }: IpAddress): bigint {
    return value >> BigInt(bits - this.length);
  }
}

export const NETWORK: readonly Overload[] = [
  overload('ip', ['string'], (text) => onIp(text, (ip) => ip)),
  overload('isIP', ['string'], (text) => !(readIp(text) instanceof Failure)),
  overload('ip.isCanonical', ['string'], (text) => onIp(text, ({ address }) => formatIpAddress(address) === text)),
  overload('string', ['ip'], (ip) => formatIpAddress(addressOf(ip))),
  overload('.family', ['ip'], (ip) => (addressOf(ip).bits === 32 ? 4n : 6n)),
  test('isUnspecified', ({ value }) => value === 0n),
  test('isLoopback', isLoopback),
  test('isLinkLocalMulticast', isLinkLocalMulticast),
  test('isLinkLocalUnicast', isLinkLocalUnicast),
  test('isGlobalUnicast', (address) =>
    address.value !== 0n &&
    !(address.bits === 32 && address.value === 0xffffffffn) &&
    !isLoopback(address) &&
    !isMulticast(address) &&
    !isLinkLocalUnicast(address)),
  overload('cidr', ['string'], (text) => onCidr(text, (cidr) => cidr)),
  overload('isCIDR', ['string'], (text) => !(readCidr(text) instanceof Failure)),
  overload('string', ['cidr'], (cidr) => `${formatIpAddress(cidrOf(cidr).address)}/${cidrOf(cidr).length}`),
  overload('.containsIP', ['cidr', 'string'], (cidr, text) =>
    onIp(text, ({ address }) => cidrOf(cidr).contains(address)),
  ),
  overload('.containsIP', ['cidr', 'ip'], (cidr, ip) => cidrOf(cidr).contains(addressOf(ip))),
  overload('.containsCIDR', ['cidr', 'string'], (cidr, text) => onCidr(text, (inner) => isWithin(inner, cidrOf(cidr)))),
  overload('.containsCIDR', ['cidr', 'cidr'], (cidr, inner) => isWithin(cidrOf(inner), cidrOf(cidr))),
  overload('.ip', ['cidr'], (cidr) => new Ip(cidrOf(cidr).address)),
  overload('.masked', ['cidr'], (cidr) => {
    const { address, length } = cidrOf(cidr);
    const free = BigInt(address.bits - length);
    return new Cidr({ bits: address.bits, value: (address.value >> free) << free }, length);
  }),
  overload('.prefixLength', ['cidr'], (cidr) => BigInt(cidrOf(cidr).length)),
];

function test(name: string, holds: (address: IpAddress) => boolean): Overload {
  return overload(`.${name}`, ['ip'], (ip) => holds(addressOf(ip)));
}

function isSameAddress(a: IpAddress, b: IpAddress): boolean {
  return a.bits === b.bits && a.value === b.value;
}

function isWithin(inner: Cidr, outer: Cidr): boolean {
  return outer.length <= inner.length && outer.contains(inner.address);
}

/** Whether an address begins with these bits. */
function startsWith({ bits, value }: IpAddress, prefix: bigint, length: number): boolean {
  return value >> BigInt(bits - length) === prefix;
}

function isLoopback(address: IpAddress): boolean {
  return address.bits === 32 ? startsWith(address, 127n, 8) : address.value === 1n;
}

function isMulticast(address: IpAddress): boolean {
  return address.bits === 32 ? startsWith(address, 0b1110n, 4) : startsWith(address, 0xffn, 8);
}

function isLinkLocalMulticast(address: IpAddress): boolean {
  return address.bits === 32
    ? startsWith(address, 0xe00000n, 24)
    : isMulticast(address) && ((address.value >> 112n) & 0xfn) === 2n;
}

function isLinkLocalUnicast(address: IpAddress): boolean {
  return address.bits === 32 ? startsWith(address, 0xa9fen, 16) : startsWith(address, 0b1111111010n, 10);
}

function addressOf(value: Opaque): IpAddress {
  if (value instanceof Ip) return value.address;
  throw new Error(`expected an address, found ${value.kind}`);
}

function cidrOf(value: Opaque): Cidr {
  if (value instanceof Cidr) return value;
  throw new Error(`expected a range of addresses, found ${value.kind}`);
}

function onIp(text: string, make: (ip: Ip) => Result): Result {
  const ip = readIp(text);
  return ip instanceof Failure ? ip : make(ip);
}

function onCidr(text: string, make: (cidr: Cidr) => Result): Result {
  const cidr = readCidr(text);
  return cidr instanceof Failure ? cidr : make(cidr);
}

function readIp(text: string): Ip | Failure {
  const address = parseIpAddress(text);
  const isMapped = address?.bits === 128 && address.value >> 32n === 0xffffn;
  return address === undefined || isMapped
    ? new Failure(`expected an IP address without zone, not IPv4 in IPv6, found ${JSON.stringify(text)}`)
    : new Ip(address);
}

function readCidr(text: string): Cidr | Failure {
  const [, address = '', length = ''] = /^([^/]*)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const ip = readIp(address);
  return ip instanceof Failure || Number(length) > ip.address.bits
    ? new Failure(`expected an IP address and the length of a prefix, found ${JSON.stringify(text)}`)
    : new Cidr(ip.address, Number(length));
}
