/**
 * CycloneDX XML as another spelling of its JSON. What is an object there is an element here, whose children stand in the schema's order;
 * lists have an element around them; a few values are attributes.
 */
import { AppError, escapeXml, isRecord } from '../../../core/index.ts';
import type { XmlElement } from '../../../core/index.ts';

type Document = Readonly<Record<string, unknown>>;

const NAMESPACE = 'http://cyclonedx.org/schema/bom/';

/** Lists by their key, with the name of one of them. */
const ITEMS: Readonly<Record<string, string>> = {
  annotations: 'annotation',
  assemblies: 'assembly',
  authors: 'author',
  components: 'component',
  compositions: 'composition',
  dependencies: 'dependency',
  dependsOn: 'dependency',
  externalReferences: 'reference',
  hashes: 'hash',
  lifecycles: 'lifecycle',
  occurrences: 'occurrence',
  properties: 'property',
  services: 'service',
  tools: 'tool',
};
/** Values that are attributes of the element they belong to. */
const ATTRIBUTES: ReadonlySet<string> = new Set([
  'bom-ref',
  'type',
  'mime-type',
  'ref',
  'alg',
  'acknowledgement',
  'encoding',
]);
/** Of the one who has it, the rest is the element's own text. */
const TEXT: ReadonlyMap<string, string> = new Map([
  ['hash', 'content'],
  ['property', 'value'],
  ['expression', 'expression'],
  ['text', 'content'],
]);

/** Of organizations: several of them stand in their parent. */
const REPEATED: ReadonlySet<string> = new Set(['url', 'contact']);
const ORGANIZATIONS: ReadonlySet<string> = new Set(['supplier', 'manufacturer', 'manufacture']);

export function writeCyclonedxXml(document: Document): string {
  const { $schema: _schema, bomFormat: _format, specVersion, serialNumber, version, ...content } = document;
  const attributes = { xmlns: `${NAMESPACE}${String(specVersion)}`, serialNumber, version };
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>'];
  writeElement('bom', content, { lines, depth: 0, attributes });
  return `${lines.join('\n')}\n`;
}

interface Place {
  readonly lines: string[];
  readonly depth: number;
  readonly attributes?: Readonly<Record<string, unknown>>;
}

function writeElement(name: string, value: unknown, { lines, depth, attributes = {} }: Place): void {
  const indent = '  '.repeat(depth);
  const open = (own: Readonly<Record<string, unknown>>) =>
    `${indent}<${name}${Object.entries(own)
      .map(([key, text]) => ` ${key}="${escapeAttribute(String(text))}"`)
      .join('')}`;
  if (!isRecord(value)) {
    lines.push(`${open(attributes)}>${escapeXml(String(value))}</${name}>`);
    return;
  }
  const own: Record<string, unknown> = { ...attributes };
  const text = TEXT.get(name);
  const children: [string, unknown][] = [];
  for (const [key, child] of Object.entries(value)) {
    if (ATTRIBUTES.has(key) || (name === 'property' && key === 'name')) own[key] = child;
    else if (key !== text) children.push([key, child]);
  }
  if (text !== undefined) {
    const content = value[text];
    lines.push(`${open(own)}>${typeof content === 'string' ? escapeXml(content) : ''}</${name}>`);
    return;
  }
  if (children.length === 0) {
    lines.push(`${open(own)}/>`);
    return;
  }
  lines.push(`${open(own)}>`);
  for (const [key, child] of children) writeChild(key, child, { lines, depth: depth + 1 });
  lines.push(`${indent}</${name}>`);
}

/** Line ends and tabs of an attribute are read as spaces unless they are written as references. */
function escapeAttribute(text: string): string {
  return escapeXml(text).replaceAll(/[\t\n\r]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function writeChild(key: string, value: unknown, place: Place): void {
  if (!Array.isArray(value)) return writeElement(key, value, place);
  // these stand in their parent without an element around them
  if (key === 'dependsOn') return value.forEach((ref) => writeElement('dependency', { ref }, place));
  if (REPEATED.has(key)) return value.forEach((item) => writeElement(key, item, place));
  const indent = '  '.repeat(place.depth);
  place.lines.push(`${indent}<${key}>`);
  const inner = { ...place, depth: place.depth + 1 };
  for (const item of value) {
    if (key === 'licenses') writeLicence(item, inner);
    else if (typeof item === 'string') writeElement(ITEMS[key] ?? key, { ref: item }, inner);
    else writeElement(ITEMS[key] ?? key.replace(/s$/, ''), item, inner);
  }
  place.lines.push(`${indent}</${key}>`);
}

/** `{license: {...}}` or `{expression}`: the one element that it says. */
function writeLicence(item: unknown, place: Place): void {
  if (!isRecord(item)) return;
  if (item.license === undefined) writeElement('expression', item, place);
  else writeElement('license', item.license, place);
}

/** In the shape of the JSON. Throws `invalid-input` for another root. */
export function readCyclonedxXml(root: XmlElement, what: string): Document {
  const specVersion = root.namespace.startsWith(NAMESPACE) ? root.namespace.slice(NAMESPACE.length) : undefined;
  if (root.name !== 'bom' || specVersion === undefined) {
    const found = `${root.name}${root.namespace === '' ? '' : ` of ${root.namespace}`}`;
    throw new AppError('invalid-input', `${what}: expected the element bom of ${NAMESPACE}…, found ${found}`);
  }
  const { serialNumber, version } = root.attributes;
  const head = { bomFormat: 'CycloneDX', specVersion, ...(serialNumber === undefined ? {} : { serialNumber }) };
  return { ...head, ...(version === undefined ? {} : { version: Number(version) }), ...readObject(root) };
}

function readObject(element: XmlElement): Readonly<Record<string, unknown>> {
  const { name: parent, children } = element;
  const text = TEXT.get(parent);
  const result = new Map<string, unknown>([
    ...(parent === 'bom' ? [] : Object.entries(element.attributes)),
    ...(text === undefined ? [] : [[text, element.text] as const]),
  ]);
  for (const [name, all] of Map.groupBy(children, (child) => child.name)) {
    const values = all.map((child) => readChild(child, parent));
    result.set(name, ORGANIZATIONS.has(parent) && REPEATED.has(name) ? values : values.at(-1));
  }
  if (parent === 'dependency' && children.length > 0) {
    result.delete('dependency');
    result.set(
      'dependsOn',
      children.map(({ attributes }) => attributes.ref ?? ''),
    );
  }
  return Object.fromEntries(result);
}

function readChild(child: XmlElement, parent: string): unknown {
  if (child.name === 'licenses') return child.children.map(readLicence);
  if (child.name === 'assemblies' || (child.name === 'dependencies' && parent === 'composition'))
    return child.children.map(({ attributes }) => attributes.ref ?? '');
  if (child.name === 'text' && parent === 'license') return readObject(child);
  // a list of tools up to 1.4, from 1.5 on also an object of components and services
  const isList =
    child.name === 'tools' ? child.children.every(({ name }) => name === 'tool') : Object.hasOwn(ITEMS, child.name);
  if (isList) return child.children.map(readObject);
  if (child.children.length > 0 || Object.keys(child.attributes).length > 0) return readObject(child);
  return readText(child);
}

/** What is laid out over several lines has white space around it that means nothing. */
function readText({ text }: XmlElement): string {
  return text.includes('\n') ? text.trim() : text;
}

function readLicence(element: XmlElement): unknown {
  return element.name === 'license' ? { license: readObject(element) } : { expression: readText(element) };
}
