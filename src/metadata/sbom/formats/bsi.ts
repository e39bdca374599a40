/**
 * Documents as BSI TR-03183-2 v2.1 wants them; in CycloneDX: addresses of creators, licences with acknowledgement, the file that is delivered with its
 * SHA-512, and dependencies of everything with their completeness. What is not known is left out: a score tells what that is.
 */
import { AppError } from '../../../core/index.ts';
import { declaredLicence } from '../licences.ts';
import { arrangeSbom } from '../sbom.ts';
import type { Component, Sbom } from '../sbom.ts';
import { addressOf, BSI_PROPERTY, completenessOf, isAgreed } from './bsi-facts.ts';
import { toBsiSpdx3 } from './bsi-spdx3.ts';
import { toCyclonedx } from './cyclonedx.ts';
import { writeCyclonedxXml } from './cyclonedx-xml.ts';
import { findSbomForm } from './index.ts';

type Raw = Readonly<Record<string, unknown>>;

/** Throws `usage` for a form that the guideline does not know. */
export function checkBsiForm(text: string): void {
  const { format, version } = findSbomForm(text);
  if (format.id.startsWith('cyclonedx-') && (version === '1.6' || version === '1.7')) return;
  if (format.id === 'spdx-json' && version === '3.0') return;
  const expected = 'cyclonedx-json or cyclonedx-xml of 1.6 or 1.7, or spdx-json@3.0';
  throw new AppError('usage', `--profile bsi: expected ${expected}, found ${text}`);
}

/** Throws `usage` as `checkBsiForm`. */
export function writeBsiSbom(sbom: Sbom, text: string): string {
  checkBsiForm(text);
  const { format, version } = findSbomForm(text);
  const arranged = arrangeSbom(sbom);
  if (format.id === 'spdx-json') return `${JSON.stringify(toBsiSpdx3(arranged), undefined, 2)}\n`;
  const document = addFields(toCyclonedx(arranged, version === '1.7' ? '1.7' : '1.6'), arranged);
  return format.id === 'cyclonedx-xml' ? writeCyclonedxXml(document) : `${JSON.stringify(document, undefined, 2)}\n`;
}

function addFields(document: Raw, sbom: Sbom): Raw {
  const byId = new Map(sbom.components.map((component) => [component.id, component]));
  const components = (document.components as readonly Raw[]).map((raw) => {
    const component = byId.get(String(raw['bom-ref']));
    return component === undefined ? raw : inOrder({ ...raw, ...componentFields(component, raw) }, COMPONENT_KEYS);
  });
  const dependencies = document.dependencies as readonly { readonly ref: string }[];
  const listed = new Set(dependencies.map(({ ref }) => ref));
  const references = components.map((raw) => String(raw['bom-ref']));
  const leaves = references.filter((ref) => !listed.has(ref)).map((ref) => ({ ref, dependsOn: [] }));
  return {
    ...document,
    components,
    dependencies: [...dependencies, ...leaves],
    compositions: writeCompositions(sbom, [...dependencies.map(({ ref }) => ref), ...leaves.map(({ ref }) => ref)]),
  };
}

/** Of the schema, as far as they are written here; XML demands their order. */
const COMPONENT_KEYS =
  'bom-ref type supplier manufacturer authors author name version description scope hashes licenses copyright cpe purl externalReferences properties evidence'.split(
    ' ',
  );

function inOrder(raw: Raw, keys: readonly string[]): Raw {
  return Object.fromEntries(Object.entries(raw).sort(([a], [b]) => keys.indexOf(a) - keys.indexOf(b)));
}

function componentFields(component: Component, raw: Raw): Raw {
  const manufacturer = writeManufacturer(component);
  const references = [...((raw.externalReferences as readonly Raw[] | undefined) ?? [])];
  const sha512 = component.hashes.find(({ algorithm }) => algorithm === 'sha512')?.value;
  const fileName = component.properties[`${BSI_PROPERTY}filename`];
  if (sha512 !== undefined && fileName !== undefined) {
    const at = references.findIndex(({ type }) => type === 'distribution');
    const [known] = at < 0 ? [] : references.splice(at, 1);
    const url = known?.url ?? encodeURI(`file:///${component.locations[0]?.path ?? fileName}`);
    references.push({ type: 'distribution', url, hashes: [{ alg: 'SHA-512', content: sha512 }] });
  }
  return {
    ...(manufacturer === undefined ? {} : { manufacturer }),
    ...(component.licences.length === 0 ? {} : { licenses: writeLicences(component, raw.licenses as readonly Raw[]) }),
    ...(references.length === 0 ? {} : { externalReferences: references }),
  };
}

function writeManufacturer(component: Component): Raw | undefined {
  const { name, email, url } = addressOf(component);
  if (email === undefined && url === undefined) return undefined;
  return {
    ...(name === undefined ? {} : { name }),
    ...(url === undefined ? {} : { url: [url] }),
    ...(email === undefined ? {} : { contact: [{ email }] }),
  };
}

/**
 * What is declared, and where nothing that was found in the files speaks against it the same as concluded. An expression has but one
 * acknowledgement, and is then the conclusion.
 */
function writeLicences(component: Component, written: readonly Raw[]): readonly Raw[] {
  if (written.some(({ expression }) => expression !== undefined)) {
    return written.map((one) => ({ ...one, acknowledgement: isAgreed(component) ? 'concluded' : 'declared' }));
  }
  const declared = written.map(({ license }) => ({ license: { ...(license as Raw), acknowledgement: 'declared' } }));
  const concluded = component.licences.map((text) => {
    const id = declaredLicence([text]);
    return { license: { [id.startsWith('LicenseRef-') ? 'name' : 'id']: id, acknowledgement: 'concluded' } };
  });
  const isListed = !concluded.some(({ license }) => license.id?.includes(' '));
  return [...declared, ...(isAgreed(component) && isListed ? concluded : [])];
}

function writeCompositions(sbom: Sbom, references: readonly string[]): readonly Raw[] {
  const completeness = completenessOf(sbom);
  const groups = Map.groupBy(references, (ref) => completeness(ref));
  return (['complete', 'incomplete', 'noAssertion'] as const).flatMap((known) => {
    const dependencies = groups.get(known);
    return dependencies === undefined ? [] : [{ aggregate: known === 'noAssertion' ? 'unknown' : known, dependencies }];
  });
}
