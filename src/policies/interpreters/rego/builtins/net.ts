/** Ranges of IP addresses. */
import { formatIpAddress, parseIpAddress } from '../../ip-address.ts';
import type { IpAddress } from '../../ip-address.ts';
import { builtinError } from '../evaluate/vm.ts';
import type { Vm } from '../evaluate/vm.ts';
import { isArray, RegoObject, RegoSet } from '../value.ts';
import type { RegoValue } from '../value.ts';
import { listAt, textAt } from './operands.ts';
import type { Args, Builtins } from './operands.ts';

/** A range of addresses of one family; bits is 32 or 128. */
interface Range {
  readonly bits: IpAddress['bits'];
  readonly first: bigint;
  readonly last: bigint;
}

/** An IPv4 address that is written as IPv6 is that IPv4 address. */
function parseAddress(text: string): IpAddress | undefined {
  const found = parseIpAddress(text);
  const isMapped = found?.bits === 128 && found.value >> 32n === 0xffffn;
  return isMapped ? { bits: 32, value: found.value & 0xffffffffn } : found;
}

function parseCidr(text: string): Range | undefined {
  const [, address = '', prefix = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const found = parseAddress(address);
  const size = parseIpAddress(address)?.bits ?? 128;
  if (found === undefined || prefix === '' || (prefix.length > 1 && prefix.startsWith('0')) || Number(prefix) > size)
    return undefined;
  // a mapped address keeps the prefix of its long form
  const bits = found.bits;
  const length = bits === size ? Number(prefix) : Math.max(0, Number(prefix) - 96);
  const free = BigInt(bits - length);
  const first = (found.value >> free) << free;
  return { bits, first, last: first + (1n << free) - 1n };
}

function cidrAt(args: Args, i: number): Range {
  const text = textAt(args, i);
  const range = parseCidr(text);
  if (range === undefined) throw builtinError(`invalid CIDR address: ${text}`);
  return range;
}

function rangeOf(text: string): Range | undefined {
  const address = parseAddress(text);
  return address === undefined ? parseCidr(text) : { bits: address.bits, first: address.value, last: address.value };
}

function isWithin(inner: Range, outer: Range): boolean {
  return inner.bits === outer.bits && outer.first <= inner.first && inner.last <= outer.last;
}

function contains(args: Args): RegoValue {
  const outer = cidrAt(args, 0);
  const text = textAt(args, 1);
  const inner = rangeOf(text);
  if (inner === undefined) throw builtinError(`not a valid textual representation of an IP address or CIDR: ${text}`);
  return isWithin(inner, outer);
}

function intersects(args: Args): RegoValue {
  const [a, b] = [cidrAt(args, 0), cidrAt(args, 1)];
  return a.bits === b.bits && a.first <= b.last && b.first <= a.last;
}

/** Ranges in any collection, each with what it is called there. */
function entriesOf(value: RegoValue, i: number): [range: string, index: RegoValue][] {
  if (typeof value === 'string') return [[value, value]];
  const rangeIn = (item: RegoValue): string => {
    const found = isArray(item) ? item[0] : item;
    if (typeof found === 'string') return found;
    throw builtinError(`operand ${i}: element must be string or non-empty array`);
  };
  if (isArray(value)) return value.map((item, index) => [rangeIn(item), index]);
  if (value instanceof RegoSet) return value.members().map((member) => [rangeIn(member), member]);
  if (value instanceof RegoObject) return value.entries().map(([key, entry]) => [rangeIn(entry), key]);
  return [];
}

function containsMatches([a, b]: Args, vm: Vm): RegoValue {
  const found = new RegoSet();
  const inner = entriesOf(b as RegoValue, 2);
  for (const [range, index] of entriesOf(a as RegoValue, 1)) {
    vm.step(inner.length);
    for (const [other, otherIndex] of inner) if (contains([range, other]) === true) found.add([index, otherIndex]);
  }
  return found;
}

function expand(args: Args, vm: Vm): RegoValue {
  const { first, last, bits } = cidrAt(args, 0);
  vm.checkSize(Number(last - first) + 1);
  vm.step(Number(last - first) + 1);
  const found = new RegoSet();
  for (let at = first; at <= last; at += 1n) found.add(formatIpAddress({ bits, value: at }));
  return found;
}

/** Go's default mask of an IPv4 address: by its class. */
function classful(value: bigint): Range {
  const top = value >> 24n;
  const free = top < 128n ? 24n : top < 192n ? 16n : 8n;
  const first = (value >> free) << free;
  return { bits: 32, first, last: first + (1n << free) - 1n };
}

function merge(args: Args): RegoValue {
  const ranges = listAt(args, 0).map((item): Range => {
    if (typeof item !== 'string') throw builtinError('element must be string');
    const address = parseAddress(item);
    if (address?.bits === 128) throw builtinError('IPv6 invalid: needs prefix length');
    return address === undefined ? cidrAt([item], 0) : classful(address.value);
  });
  const merged: { bits: IpAddress['bits']; first: bigint; last: bigint }[] = [];
  for (const range of ranges.toSorted(
    (a, b) => a.bits - b.bits || (a.first < b.first ? -1 : a.first > b.first ? 1 : 0),
  )) {
    const before = merged.at(-1);
    if (before !== undefined && before.bits === range.bits && range.first <= before.last + 1n) {
      if (range.last > before.last) before.last = range.last;
    } else merged.push({ ...range });
  }
  return RegoSet.of(merged.flatMap(toCidrs));
}

/** The fewest ranges with a prefix that make up any range. */
function toCidrs({ bits, first, last }: Range): string[] {
  const found: string[] = [];
  for (let at = first; at <= last;) {
    let free = 0n;
    while (free < BigInt(bits) && at % (1n << (free + 1n)) === 0n && at + (1n << (free + 1n)) - 1n <= last) free += 1n;
    found.push(`${formatIpAddress({ bits, value: at })}/${bits - Number(free)}`);
    at += 1n << free;
  }
  return found;
}

export const NET: Builtins = {
  'net.cidr_contains': contains,
  'net.cidr_overlap': contains,
  'net.cidr_contains_matches': containsMatches,
  'net.cidr_intersects': intersects,
  'net.cidr_expand': expand,
  'net.cidr_merge': merge,
  'net.cidr_is_valid': ([text]) => typeof text === 'string' && parseCidr(text) !== undefined,
};
