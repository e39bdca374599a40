/** Advisories for tests. */
import { deflateRawSync } from 'node:zlib';
import type { Advisory } from './advisory.ts';

/** Affects the npm package `left-pad` below 1.3.0, unless told otherwise. */
export function createAdvisory(part: Partial<Advisory> = {}): Advisory {
  return {
    id: 'GHSA-aaaa-bbbb-cccc',
    modified: '2026-01-01T00:00:00Z',
    summary: 'left-pad pads on the right',
    aliases: [],
    upstream: [],
    rating: { severity: 'high', score: 7.5 },
    affected: [affects('npm', 'left-pad', '1.3.0')],
    ...part,
  };
}

/** All versions below `fixed`; all versions without it. */
export function affects(ecosystem: string, name: string, fixed?: string): Advisory['affected'][number] {
  return {
    ecosystem,
    name,
    versions: [],
    ranges: [
      {
        kind: 'ecosystem',
        events: [
          { kind: 'introduced', version: '0' },
          ...(fixed === undefined ? [] : [{ kind: 'fixed' as const, version: fixed }]),
        ],
      },
    ],
  };
}

/** As far as it is read. */
export function zipOf(name: string, content: string, method = 8): Buffer {
  const body = method === 8 ? deflateRawSync(content) : Buffer.from(content);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(name.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(method, 10);
  central.writeUInt32LE(body.length, 20);
  central.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(46 + name.length, 12);
  end.writeUInt32LE(30 + name.length + body.length, 16);
  return Buffer.concat([local, Buffer.from(name), body, central, Buffer.from(name), end]);
}

/** As far as it is read: name, size, kind. */
export function tarOf(name: string, text: string | Buffer): Buffer {
  const content = Buffer.from(text);
  const tar = Buffer.alloc(512 + Math.ceil(content.length / 512) * 512 + 1024);
  tar.write(name);
  tar.write(content.length.toString(8), 124);
  tar.write('0', 156);
  content.copy(tar, 512);
  return tar;
}
