/** Whether SBOM documents are valid by their official schemas; XML by the schema for XML, with libxml2. */
import { join } from 'node:path';
import { AppError, isRecord, parseJson, parseXml } from '../core/index.ts';
import type { Ports } from '../core/index.ts';
import { createValidator, findFaults, parseSbomDocument } from '../metadata/sbom/index.ts';
import type { SbomFault, Validity } from '../metadata/sbom/index.ts';

const MAX_BYTES = 256 * 1024 * 1024;
const MAX_SCHEMA_BYTES = 4 * 1024 * 1024;
const NAMESPACE = /^http:\/\/cyclonedx\.org\/schema\/bom\/(1\.[4-7])$/;

/** Judges files one after the other; what is wrong in one, or that it is no SBOM at all, is in its `faults`. */
export function createSbomValidator(
  ports: Pick<Ports, 'files' | 'loadPackage' | 'schemas'>,
): (path: string) => Promise<Validity> {
  const load = async (name: string) => await ports.files.read(join(ports.schemas, name), MAX_SCHEMA_BYTES);
  const validate = createValidator(async (what) => parseJson(await load(what), { what, maxBytes: MAX_SCHEMA_BYTES }));
  let opening: Promise<LibXml> | undefined;
  const validateText = async (bytes: Uint8Array, path: string): Promise<Validity> => {
    const text = Buffer.from(bytes).toString('utf8');
    const root = /^\ufeff?\s*</.test(text) ? parseXml(text, { what: path, maxLength: MAX_BYTES }) : undefined;
    if (root?.namespace.startsWith('http://cyclonedx.org/') !== true)
      return await validate(parseSbomDocument(bytes, path));
    const xml = await (opening ??= openLibXml(ports, load));
    return await validateXml({ xml, load, path, text, namespace: root.namespace });
  };
  return async (path) => {
    try {
      return await validateText(await ports.files.read(path, MAX_BYTES), path);
    } catch (error) {
      if (!(error instanceof AppError) || error.kind !== 'invalid-input') throw error;
      return { format: 'unknown', faults: [{ where: path, message: error.message, rule: 'format' }] };
    }
  };
}

type LoadFile = (name: string) => Promise<Uint8Array>;

interface XmlInput {
  readonly xml: LibXml;
  readonly load: LoadFile;
  readonly path: string;
  readonly text: string;
  readonly namespace: string;
}

/** The part of libxml2-wasm that is used. Documents are memory of its own, given back by `dispose`. */
interface LibXml {
  readonly XmlDocument: { fromBuffer(bytes: Uint8Array, options?: { readonly url: string }): XmlHandle };
  readonly XsdValidator: { fromDoc(schema: XmlHandle): { validate(document: XmlHandle): void; dispose(): void } };
  readonly XmlBufferInputProvider: new (files: Readonly<Record<string, Uint8Array>>) => object;
  readonly xmlRegisterInputProvider: (provider: object) => boolean;
}

interface XmlHandle {
  dispose(): void;
}

async function openLibXml(ports: Pick<Ports, 'loadPackage'>, load: LoadFile): Promise<LibXml> {
  const xml = (await ports.loadPackage('libxml2-wasm')) as unknown as LibXml;
  const parts = new xml.XmlBufferInputProvider({ 'http://cyclonedx.org/schema/spdx': await load('spdx.xsd') });
  xml.xmlRegisterInputProvider(parts);
  return xml;
}

async function validateXml({ xml, load, path, text, namespace }: XmlInput): Promise<Validity> {
  const version = NAMESPACE.exec(namespace)?.[1];
  if (version === undefined) {
    throw new AppError('invalid-input', `${path}: expected a namespace of CycloneDX 1.4 to 1.7, found ${namespace}`);
  }
  const open = (bytes: Uint8Array, url: string) => xml.XmlDocument.fromBuffer(bytes, { url });
  const [schema, document] = [
    open(await load(`bom-${version}.xsd`), `bom-${version}.xsd`),
    open(Buffer.from(text), path),
  ];
  const validator = xml.XsdValidator.fromDoc(schema);
  try {
    validator.validate(document);
    return { format: `CycloneDX ${version}`, faults: findFaults(parseSbomDocument(text, path)) };
  } catch (error) {
    return { format: `CycloneDX ${version}`, faults: faultsOf(error) };
  } finally {
    for (const handle of [validator, document, schema]) handle.dispose();
  }
}

/** Its errors list what is wrong with the line of each. */
function faultsOf(error: unknown): readonly SbomFault[] {
  const details: unknown = isRecord(error) ? error.details : undefined;
  if (!(error instanceof Error) || !Array.isArray(details)) throw error;
  return details.filter(isRecord).map(({ line, message }) => ({
    where: `line ${String(line)}`,
    message: String(message)
      .trim()
      .replaceAll(/\{http[^}]*\}/g, ''),
    rule: 'schema',
  }));
}
export type { SbomFault };
