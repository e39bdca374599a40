/** The note by which distributions mark the programs of their packages: JSON in `.note.package` (systemd, Package Metadata for Executables). */
import { isRecord, parseShallowJson } from '../../../core/index.ts';
import { findSection } from './sections.ts';

const NOTE_TYPE = 0xcafe1a7e;
/** Real notes have some hundred bytes. */
const MAX_BYTES = 64 * 1024;

/** The document as it is; undefined where there is none or it is damaged, for then it says nothing. */
export function findPackageNote(content: Buffer): unknown {
  const section = findSection(content, '.note.package');
  if (section === undefined || section.length < 16 || section.length > MAX_BYTES) return undefined;
  const isLittle = content[5] === 1;
  const [nameSize, size, type] = [0, 4, 8].map((at) =>
    isLittle ? section.readUInt32LE(at) : section.readUInt32BE(at),
  );
  if (type !== NOTE_TYPE || nameSize !== 4 || size === undefined || section.toString('latin1', 12, 15) !== 'FDO')
    return undefined;
  try {
    const document: unknown = parseShallowJson(section.toString('utf8', 16, 16 + size).replace(/\0+$/, ''));
    return isRecord(document) ? document : undefined;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}
