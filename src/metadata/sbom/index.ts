import { AppError, isRecord, parseJson } from '../../core/index.ts';
import { cyclonedxJson } from './formats/cyclonedx-json.ts';
import type { SbomFormat } from './formats/format.ts';
import { spdxJson } from './formats/spdx-json.ts';
import type { Sbom } from './sbom.ts';

export const sbomFormats: readonly SbomFormat[] = [spdxJson, cyclonedxJson];

/** Throws `usage` naming the known formats. */
export function getSbomFormat(id: string): SbomFormat {
  const found = sbomFormats.find((format) => format.id === id);
  if (found !== undefined) return found;
  const known = sbomFormats.map((format) => format.id).join(', ');
  throw new AppError('usage', `unknown SBOM format "${id}", expected one of ${known}`);
}

/** Ceiling of an SBOM document: 256 MiB, above the largest image's. */
const MAX_SBOM_BYTES = 256 * 1024 * 1024;

/** Reads a document of any known format, bare or as the predicate of an in-toto statement. Throws `invalid-input`. */
export function parseSbom(bytes: Uint8Array | string, what = 'SBOM'): Sbom {
  return readSbom(parseJson(bytes, { what, maxBytes: MAX_SBOM_BYTES }), what);
}

export function readSbom(document: unknown, what = 'SBOM'): Sbom {
  const bare = unwrap(document);
  const format = sbomFormats.find((candidate) => candidate.recognizes(bare));
  if (format !== undefined) return format.read(bare);
  throw new AppError('invalid-input', `${what}: expected an SPDX 2.x or CycloneDX JSON document, found neither`);
}

/** The predicate of a statement; Cosign's old SPDX predicates hold the document under `Data`. */
function unwrap(document: unknown): unknown {
  if (!isRecord(document) || typeof document.predicateType !== 'string') return document;
  const { predicate } = document;
  return isRecord(predicate) && isRecord(predicate.Data) ? predicate.Data : predicate;
}

export { formatSbomTable } from './formats/table.ts';
export type { SbomFormat } from './formats/format.ts';
export { findLicenceId, isLicenceExpression } from './licences.ts';
export { arrangeSbom, EVIDENCE } from './sbom.ts';
export type {
  Component,
  ComponentKind,
  Dependency,
  Evidence,
  Hash,
  LayerMark,
  Location,
  Sbom,
  SbomSubject,
  SbomTool,
  Scope,
} from './sbom.ts';
