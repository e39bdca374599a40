/** The list of crates that cargo-auditable puts into programs: JSON under zlib in a section of its own. */
import { inflateSync } from 'node:zlib';
import { isRecord, parseShallowJson } from '../../../core/index.ts';
import { findSection } from './sections.ts';

/** The format's own ceiling; the largest known have below 100 KiB. */
const MAX_UNPACKED_BYTES = 8 * 1024 * 1024;

/** The document as it is, undefined where there is none; of a damaged one, that it is there. */
export function findCrates(content: Buffer): unknown {
  const section = findSection(content, '.dep-v0');
  if (section === undefined) return undefined;
  try {
    const document: unknown = parseShallowJson(
      inflateSync(section, { maxOutputLength: MAX_UNPACKED_BYTES }).toString('utf8'),
    );
    return isRecord(document) ? document : { damaged: 'no object' };
  } catch (cause) {
    return { damaged: cause instanceof Error ? cause.message : String(cause) };
  }
}
