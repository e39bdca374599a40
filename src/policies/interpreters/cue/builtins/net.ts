/** Package `net`: what addresses are, without host names, URLs and arithmetic. */
import type { Machine } from '../machine.ts';
import { boolOf, intOf, KIND } from '../values.ts';
import type { Value } from '../values.ts';
import { elementsAt, textAt, valuesOf } from './arguments.ts';
import { Builtin } from './builtin.ts';
import type { Result } from './builtin.ts';

const { any, bool, list, string } = KIND;

export const NET: readonly Builtin[] = [
  of('IP', (address) => address !== undefined),
  of('IPv4', (address) => address?.length === 4),
  of('IPv6', (address) => address?.length === 16),
  of('LoopbackIP', (given) => {
    const isMapped = given?.slice(0, 12).join() === '0,0,0,0,0,0,0,0,0,0,255,255';
    const address = isMapped ? given?.slice(12) : given;
    if (address?.length === 4) return address[0] === 127;
    return address?.every((octet, index) => octet === (index === 15 ? 1 : 0)) ?? false;
  }),
  of('UnspecifiedIP', (address) => address?.every((octet) => octet === 0) ?? false),
  new Builtin({
    name: 'net.IPCIDR',
    params: [any],
    result: bool,
    call: (args) => {
      const isPrefix = parsePrefix(textAt(args, 0)) !== undefined;
      return isPrefix || args[0]?.kind === 'vertex'
        ? boolOf(true)
        : { fault: 'expected an address and the length of its prefix' };
    },
  }),
  new Builtin({ name: 'net.InCIDR', params: [any, any], result: bool, call: inPrefix }),
  new Builtin({
    name: 'net.ParseIP',
    params: [string],
    result: list,
    call: (args, machine) => {
      const address = parseAddress(textAt(args, 0));
      return address === undefined ? { fault: 'invalid address' } : machine.listOf(address.map(intOf));
    },
  }),
];

function of(name: string, test: (address: readonly number[] | undefined) => boolean): Builtin {
  return new Builtin({
    name: `net.${name}`,
    params: [any],
    result: bool,
    call: (args, machine) => boolOf(test(addressAt(args, machine))),
  });
}

/** Four or sixteen octets of a text or of a list of numbers. */
function addressAt(args: readonly Value[], machine: Machine): readonly number[] | undefined {
  if (args[0]?.kind !== 'vertex') return parseAddress(textAt(args, 0));
  const octets = valuesOf(machine, elementsAt(args, 0)).map((value) =>
    value.kind === 'number' && !value.isFloat ? Number(value.value.coefficient) : Number.NaN,
  );
  const isAddress = octets.length === 4 || octets.length === 16;
  return isAddress && octets.every((octet) => octet >= 0 && octet <= 255) ? octets : undefined;
}

function inPrefix(args: readonly Value[], machine: Machine): Result {
  if (textAt(args, 0).includes('%')) return boolOf(false);
  const address = addressAt(args, machine);
  const prefix = parsePrefix(textAt(args, 1));
  if (address === undefined || prefix === undefined) return { fault: 'expected an address and a prefix' };
  const isInside =
    prefix.address.length === address.length &&
    bitsOf(address).startsWith(bitsOf(prefix.address).slice(0, prefix.length));
  return boolOf(isInside);
}

function bitsOf(address: readonly number[]): string {
  return address.map((octet) => octet.toString(2).padStart(8, '0')).join('');
}

function parsePrefix(text: string): { readonly address: readonly number[]; readonly length: number } | undefined {
  const match = /^([^/%]*)\/(0|[1-9]\d{0,2})$/.exec(text);
  const address = parseAddress(match?.[1] ?? '');
  const length = Number(match?.[2] ?? Number.NaN);
  return address === undefined || !(length <= address.length * 8) ? undefined : { address, length };
}

/** RFC 4291, 2.2; a zone may follow the colon form. */
function parseAddress(text: string): readonly number[] | undefined {
  if (!text.includes(':')) return parseDotted(text);
  const [plain = '', zone] = text.split(/%(.*)/su);
  if (zone === '') return undefined;
  const dotted = /^(.*:)([^:]*\..*)$/s.exec(plain);
  const tail = dotted === null ? [] : parseDotted(dotted[2] ?? '');
  if (tail === undefined) return undefined;
  const head = dotted === null ? plain : (dotted[1] ?? '').replace(/([^:]):$/, '$1');
  const [before = '', after, more] = head.split('::');
  if (more !== undefined) return undefined;
  const first = parseGroups(before);
  const last = parseGroups(after ?? '');
  if (first === undefined || last === undefined) return undefined;
  const missing = 16 - first.length - last.length - tail.length;
  if (after === undefined ? missing !== 0 : missing < 2) return undefined;
  return [...first, ...Array.from({ length: missing }, () => 0), ...last, ...tail];
}

function parseGroups(text: string): number[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  if (!groups.every((group) => /^[\da-fA-F]{1,4}$/.test(group))) return undefined;
  return groups.flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 255]);
}

function parseDotted(text: string): number[] | undefined {
  const parts = text.split('.');
  const isAddress =
    parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
  return isAddress ? parts.map(Number) : undefined;
}
