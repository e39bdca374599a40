/** Ranges of IP addresses. */
import { builtinError } from '../evaluate/vm.ts';
import type { Vm } from '../evaluate/vm.ts';
import { isArray, RegoObject, RegoSet } from '../value.ts';
import type { RegoValue } from '../value.ts';
import { listAt, textAt } from './operands.ts';
import type { Args, Builtins } from './operands.ts';

/** A range of addresses of one family; bits is 32 or 128. */
interface Range {
  readonly bits: number;
  readonly first: bigint;
  readonly last: bigint;
}

const QUAD = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** 4 or 6, or 0 for what is no address. */
function familyOf(text: string): 0 | 4 | 6 {
  if (QUAD.test(text)) return 4;
  const dotted = /^(.*:)([\d.]+)$/.exec(text);
  const hasQuad = dotted?.[2]?.includes('.') === true;
  if (hasQuad && !QUAD.test(dotted?.[2] ?? '')) return 0;
  const plain = hasQuad ? `${dotted?.[1]}0:0` : text;
  const halves = plain.split('::');
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  if (halves.length > 2 || !groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return 0;
  return (halves.length === 2 ? groups.length < 8 : groups.length === 8) ? 6 : 0;
}

function parseAddress(text: string): { readonly bits: number; readonly value: bigint } | undefined {
  const family = familyOf(text);
  if (family === 4) return { bits: 32, value: quadOf(text) };
  if (family !== 6) return undefined;
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const quad = dotted === null ? 0n : quadOf(dotted[2] ?? '');
  const plain = dotted === null ? text : `${dotted[1]}${(quad >> 16n).toString(16)}:${(quad & 0xffffn).toString(16)}`;
  const [left = '', right] = plain.split('::');
  const groups = (part: string) => part.split(':').filter((group) => group !== '');
  const [head, tail] = [groups(left), groups(right ?? '')];
  const all =
    right === undefined
      ? head
      : [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => '0'), ...tail];
  const value = all.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
  // an IPv4 address that is written as IPv6 is that IPv4 address
  return value >> 32n === 0xffffn ? { bits: 32, value: value & 0xffffffffn } : { bits: 128, value };
}

function quadOf(text: string): bigint {
  return text.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
}

function parseCidr(text: string): Range | undefined {
  const [, address = '', prefix = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const found = parseAddress(address);
  const size = familyOf(address) === 4 ? 32 : 128;
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

/** The shortest form of RFC 5952. */
function formatAddress(value: bigint, bits: number): string {
  if (bits === 32) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join('.');
  const groups = Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  const text = groups.join(':');
  const runs = [...text.matchAll(/(?:^|(?<=:))0(?::0)+(?=:|$)/g)];
  const longest = runs.reduce<RegExpExecArray | undefined>(
    (best, run) => (run[0].length > (best?.[0].length ?? 0) ? run : best),
    undefined,
  );
  if (longest === undefined) return text;
  const before = text.slice(0, longest.index).replace(/:$/, '');
  return `${before}::${text.slice(longest.index + longest[0].length).replace(/^:/, '')}`;
}

function expand(args: Args, vm: Vm): RegoValue {
  const { first, last, bits } = cidrAt(args, 0);
  vm.checkSize(Number(last - first) + 1);
  vm.step(Number(last - first) + 1);
  const found = new RegoSet();
  for (let at = first; at <= last; at += 1n) found.add(formatAddress(at, bits));
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
  const merged: { bits: number; first: bigint; last: bigint }[] = [];
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
    found.push(`${formatAddress(at, bits)}/${bits - Number(free)}`);
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
