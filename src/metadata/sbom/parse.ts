/** From text to the model, whatever the document is spelled in. */
import { AppError, isRecord, parseJson, parseXml, parseYamlDocuments } from '../../core/index.ts';
import type { XmlElement } from '../../core/index.ts';
import { readCyclonedxXml } from './formats/cyclonedx-xml.ts';
import { sbomReaders } from './formats/index.ts';
import type { ReadOptions } from './formats/format.ts';
import { readSpdxRdf } from './formats/spdx-rdf.ts';
import { readTagValue } from './formats/spdx-tag-value.ts';
import { readSpdxXml } from './formats/spdx-xml.ts';
import type { Sbom } from './sbom.ts';

/** Ceiling of an SBOM document: 256 MiB, above the largest image's. */
const MAX_SBOM_BYTES = 256 * 1024 * 1024;
const EXPECTED =
  'expected an SBOM of SPDX 2.2, 2.3 or 3.0 (JSON, YAML, XML, RDF, tag-value), CycloneDX (JSON, XML) or Syft (JSON)';

/**
 * Reads a document of any known format, bare or as the predicate of an in-toto statement. Throws `invalid-input` with the place that is
 * wrong.
 */
export function parseSbom(bytes: Uint8Array | string, what = 'SBOM'): Sbom {
  return readSbom(parseSbomDocument(bytes, what), what);
}

/** The document in the shape of its JSON. Throws `invalid-input`. */
export function parseSbomDocument(bytes: Uint8Array | string, what = 'SBOM'): unknown {
  const start = Buffer.from(typeof bytes === 'string' ? bytes.slice(0, 4096) : bytes.subarray(0, 4096)).toString(
    'utf8',
  );
  const first = /^\ufeff?\s*(.)/.exec(start)?.[1];
  if (first === undefined || first === '{' || first === '[')
    return parseJson(bytes, { what, maxBytes: MAX_SBOM_BYTES });
  if (bytes.length > MAX_SBOM_BYTES) {
    throw new AppError('invalid-input', `${what}: expected at most ${MAX_SBOM_BYTES} bytes, found ${bytes.length}`);
  }
  const text = (typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8')).replace(/^\ufeff/, '');
  if (first === '<') return readXml(parseXml(text, { what, maxLength: MAX_SBOM_BYTES }), what);
  if (/^SPDXVersion\s*:/m.test(text)) return readTagValue(text, what);
  if (/^["']?spdxVersion["']?\s*:/m.test(text)) return parseYamlDocuments(text, what, 1)[0]?.value;
  throw new AppError('invalid-input', `${what}: ${EXPECTED}, found neither`);
}

function readXml(root: XmlElement, what: string): unknown {
  if (root.name === 'RDF') return readSpdxRdf(root);
  return root.name === 'Document' ? readSpdxXml(root) : readCyclonedxXml(root, what);
}

/** Throws `invalid-input` for what no reader recognizes. */
export function readSbom(document: unknown, what = 'SBOM', options?: ReadOptions): Sbom {
  const bare = unwrapDocument(document);
  const reader = sbomReaders.find((candidate) => candidate.recognizes(bare));
  if (reader !== undefined) return reader.read(bare, options);
  throw new AppError('invalid-input', `${what}: ${EXPECTED}, found neither`);
}

/** The predicate of a statement; Cosign's old SPDX predicates hold the document under `Data`. */
export function unwrapDocument(document: unknown): unknown {
  if (!isRecord(document) || typeof document.predicateType !== 'string') return document;
  const { predicate } = document;
  return isRecord(predicate) && isRecord(predicate.Data) ? predicate.Data : predicate;
}
