/** Ids of a document made from its content, so that one subject read twice gives one document. */
import { createHash } from 'node:crypto';
import { isRecord } from '../../core/index.ts';
import type { Sbom } from './sbom.ts';

/** UUID whose bits are a digest of the content, the time of creation aside. Version 8 of RFC 9562: made by our own rule. */
export function contentUuid(sbom: Sbom): string {
  const { created: _created, ...content } = sbom;
  const bytes = createHash('sha256').update(JSON.stringify(content, sortKeys)).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** For JSON.stringify: keys have no order, and neither has what was found. */
export function sortKeys(_key: string, value: unknown): unknown {
  return isRecord(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;
}

/** Sixteen hex digits that tell ids apart. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
