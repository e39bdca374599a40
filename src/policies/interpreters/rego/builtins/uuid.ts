/** UUIDs: random ones of a seed, and what older versions tell. */
import { fromBigInt } from '../number.ts';
import type { Vm } from '../evaluate/vm.ts';
import { RegoObject } from '../value.ts';
import type { RegoValue } from '../value.ts';
import { textAt } from './operands.ts';
import type { Args, Builtins } from './operands.ts';
import { randomBytesOf } from './random.ts';

function create(args: Args, vm: Vm): RegoValue {
  const bytes = randomBytesOf(vm.seed, `uuid ${textAt(args, 0)}`);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex', 0, 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

const FORMS = /^(?:urn:uuid:([0-9a-f-]{36})|\{([0-9a-f-]{36})\}|([0-9a-f-]{36})|([0-9a-f]{32}))$/i;
const DASHED = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Steps of 100 ns from the start of UUID time, 15 October 1582, to that of Unix time. */
const UNIX_EPOCH = 0x01b21dd213814000n;
const DOMAINS = ['Person', 'Group', 'Org'];

/** Undefined for what is no UUID. */
function parse(args: Args): RegoValue | undefined {
  const [, ...forms] = FORMS.exec(textAt(args, 0)) ?? [];
  const text = forms.find((form) => form !== undefined);
  if (text === undefined || (text.length === 36 && !DASHED.test(text))) return undefined;
  const bytes = Buffer.from(text.replaceAll('-', ''), 'hex');
  const version = (bytes[6] ?? 0) >> 4;
  const made = RegoObject.of([
    ['version', version],
    ['variant', variantOf(bytes[8] ?? 0)],
  ]);
  if (version !== 1 && version !== 2) return made;
  const low = BigInt(bytes.readUInt32BE(0));
  const time = low | (BigInt(bytes.readUInt16BE(4)) << 32n) | (BigInt(bytes.readUInt16BE(6) & 0x0fff) << 48n);
  made.set('time', fromBigInt((time - UNIX_EPOCH) * 100n));
  made.set('nodeid', [...bytes.subarray(10)].map((byte) => byte.toString(16).padStart(2, '0')).join('-'));
  const first = bytes[10] ?? 0;
  made.set('macvariables', `${(first & 2) === 0 ? 'global' : 'local'}:${(first & 1) === 0 ? 'unicast' : 'multicast'}`);
  made.set('clocksequence', bytes.readUInt16BE(8) & 0x3fff);
  if (version === 1) return made;
  made.set('id', Number(low));
  made.set('domain', DOMAINS[bytes[9] ?? 0] ?? `Domain${bytes[9]}`);
  return made;
}

function variantOf(byte: number): string {
  if ((byte & 0xc0) === 0x80) return 'RFC4122';
  if ((byte & 0xe0) === 0xc0) return 'Microsoft';
  return (byte & 0xe0) === 0xe0 ? 'Future' : 'Reserved';
}

export const UUID: Builtins = { 'uuid.rfc4122': create, 'uuid.parse': parse };
