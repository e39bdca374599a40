/**
 * CycloneDX as BSI TR-03183-2 v2.1 wants it: addresses of creators, licences with acknowledgement, the file that is delivered with its
 * SHA-512, and dependencies of everything with their completeness. What is not known is left out: a score tells what that is.
 */
import { AppError } from '../../../core/index.ts';
import { declaredLicence } from '../licences.ts';
import { isEmail, isUrl } from '../score/facts/facts.ts';
import { arrangeSbom, isIncomplete } from '../sbom.ts';
import type { Component, Sbom } from '../sbom.ts';
import { toCyclonedx } from './cyclonedx.ts';
import { writeCyclonedxXml } from './cyclonedx-xml.ts';
import { findSbomForm } from './index.ts';

type Raw = Readonly<Record<string, unknown>>;

/** Names of the BSI's properties of components. */
export const BSI_PROPERTY = 'bsi:component:';

/** Throws `usage` for a form that the guideline does not know. */
export function checkBsiForm(text: string): void {
  const { format, version } = findSbomForm(text);
  if (format.id.startsWith('cyclonedx-') && (version === '1.6' || version === '1.7')) return;
  throw new AppError('usage', `--profile bsi: expected cyclonedx-json or cyclonedx-xml of 1.6 or 1.7, found ${text}`);
}

/** Throws `usage` as `checkBsiForm`. */
export function writeBsiSbom(sbom: Sbom, text: string): string {
  checkBsiForm(text);
  const { format, version } = findSbomForm(text);
  const arranged = arrangeSbom(sbom);
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

/** Who made it, else who supplies it: as `Name <address>`; without an address the home page tells where they are found. */
function writeManufacturer({ originator, supplier, homepage }: Component): Raw | undefined {
  const text = originator ?? supplier;
  const addresses = [...(text ?? '').matchAll(/[<(]([^<>()\s]+)[>)]/g)].map(([, address = '']) => address);
  const email = addresses.find(isEmail);
  const url = addresses.find(isUrl) ?? homepage;
  const name = text?.replaceAll(/\s*[<(][^<>()]*[>)]/g, '').trim();
  if (email === undefined && (url === undefined || !isUrl(url))) return undefined;
  return {
    ...(name === undefined || name === '' ? {} : { name }),
    ...(url === undefined || !isUrl(url) ? {} : { url: [url] }),
    ...(email === undefined ? {} : { contact: [{ email }] }),
  };
}

/**
 * What is declared, and where nothing that was found in the files speaks against it the same as concluded. An expression has but one
 * acknowledgement, and is then the conclusion.
 */
function writeLicences({ licences, detectedLicences = [] }: Component, written: readonly Raw[]): readonly Raw[] {
  const isAgreed = detectedLicences.every((text) => licences.some((licence) => licence.includes(text)));
  if (written.some(({ expression }) => expression !== undefined)) {
    return written.map((one) => ({ ...one, acknowledgement: isAgreed ? 'concluded' : 'declared' }));
  }
  const declared = written.map(({ license }) => ({ license: { ...(license as Raw), acknowledgement: 'declared' } }));
  const concluded = licences.map((text) => {
    const id = declaredLicence([text]);
    return { license: { [id.startsWith('LicenseRef-') ? 'name' : 'id']: id, acknowledgement: 'concluded' } };
  });
  const isListed = !concluded.some(({ license }) => license.id?.includes(' '));
  return [...declared, ...(isAgreed && isListed ? concluded : [])];
}

/**
 * Package databases of a system tell all that a package needs: of those that did so here the list is complete, if nothing was skipped. Of
 * all else it is not known.
 */
function writeCompositions(sbom: Sbom, references: readonly string[]): readonly Raw[] {
  const byId = new Map(sbom.components.map((component) => [component.id, component]));
  const telling = new Set(
    sbom.dependencies
      .map(({ from }) => byId.get(from))
      .flatMap((one) => (one?.evidence === 'installed-db' ? [one.foundBy] : [])),
  );
  const isComplete = (ref: string) => {
    const component = byId.get(ref);
    return !isIncomplete(sbom) && component?.evidence === 'installed-db' && telling.has(component.foundBy);
  };
  const [complete, unknown] = [references.filter(isComplete), references.filter((ref) => !isComplete(ref))];
  return [
    ...(complete.length === 0 ? [] : [{ aggregate: 'complete', dependencies: complete }]),
    ...(unknown.length === 0
      ? []
      : [{ aggregate: isIncomplete(sbom) ? 'incomplete' : 'unknown', dependencies: unknown }]),
  ];
}
