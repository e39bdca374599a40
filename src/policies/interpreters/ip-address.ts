/** Addresses of the Internet Protocol, in the texts that Go's package `net/netip` reads; no zones. */

export interface IpAddress {
  /** 32 or 128; an IPv4 address that is written as IPv6 has 128. */
  readonly bits: 32 | 128;
  readonly value: bigint;
}

const QUAD = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** Undefined for what is no address. */
export function parseIpAddress(text: string): IpAddress | undefined {
  if (QUAD.test(text)) return { bits: 32, value: quadOf(text) };
  const [, head = '', dotted] = /^(.*:)([\d.]*\.[\d.]*)$/.exec(text) ?? [];
  if (dotted !== undefined && !QUAD.test(dotted)) return undefined;
  const quad = quadOf(dotted ?? '0');
  const plain = dotted === undefined ? text : `${head}${(quad >> 16n).toString(16)}:${(quad & 0xffffn).toString(16)}`;
  const halves = plain.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const [left = [], right] = halves;
  const groups = halves.flat();
  if (halves.length > 2 || !groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  if (right === undefined ? groups.length !== 8 : groups.length > 7) return undefined;
  const all = [...left, ...Array.from({ length: 8 - groups.length }, () => '0'), ...(right ?? [])];
  return { bits: 128, value: all.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n) };
}

function quadOf(text: string): bigint {
  return text.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
}

/** The shortest form of RFC 5952. */
export function formatIpAddress({ bits, value }: IpAddress): string {
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
