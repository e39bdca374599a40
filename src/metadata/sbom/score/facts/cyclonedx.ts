/** Facts of CycloneDX 1.2 to 1.7; nested components are read flat. The BSI's properties are those of its taxonomy for CycloneDX. */
import { isRecord, recordsOf } from '../../../../core/index.ts';
import { flattenNested } from '../../read.ts';
import { checksum, fact, isUrl, texts } from './facts.ts';
import type { ComponentFacts, Licence, Party, SbomFacts, Tool } from './facts.ts';

type Raw = Readonly<Record<string, unknown>>;

export function readCyclonedxFacts(document: Raw): SbomFacts {
  const metadata = recordOf(document.metadata);
  const stated = new Map(recordsOf(document.dependencies).map(({ ref, dependsOn }) => [ref, texts(dependsOn)]));
  const primary = isRecord(metadata.component) ? flatten([metadata.component]) : [];
  const raw = [...primary, ...flatten(recordsOf(document.components))];
  const completenessOf = readCompositions(document);
  return {
    family: 'CycloneDX',
    version: String(document.specVersion),
    ...fact('uri', document.serialNumber),
    ...fact('timestamp', metadata.timestamp),
    authors: [...partiesOf(metadata.authors), ...partiesOf(metadata.manufacturer), ...partiesOf(metadata.manufacture)],
    suppliers: partiesOf(metadata.supplier),
    tools: toolsOf(metadata.tools),
    lifecycles: recordsOf(metadata.lifecycles).flatMap(({ phase, name }) => texts([phase, name])),
    ...fact('dataLicence', licencesOf(metadata.licenses)[0]?.text),
    signature: signatureOf(document.signature),
    tellsCompleteness: recordsOf(document.compositions).length > 0,
    hasVulnerabilities: recordsOf(document.vulnerabilities).length > 0,
    components: raw.map((component, index) => {
      const dependsOn = stated.get(component['bom-ref']);
      return {
        ...readComponent(component, `components[${index}]`),
        isPrimary: index === 0 && primary.length > 0,
        ...(dependsOn === undefined ? {} : { dependsOn }),
        ...fact('completeness', completenessOf(component['bom-ref'])),
      };
    }),
  };
}

const recordOf = (value: unknown): Raw => (isRecord(value) ? value : {});

const flatten = (list: readonly Raw[]) => flattenNested(list, ({ components }) => recordsOf(components));

function readComponent(raw: Raw, place: string): ComponentFacts {
  const references = (...types: readonly string[]) =>
    recordsOf(raw.externalReferences).filter(({ type }) => types.includes(String(type)));
  const urls = (...types: readonly string[]) => references(...types).flatMap(({ url }) => texts(url));
  const hashes = (...types: readonly string[]) => references(...types).flatMap((reference) => hashesOf(reference));
  const property = (name: string) =>
    recordsOf(raw.properties).find((entry) => entry.name === `bsi:component:${name}`)?.value;
  return {
    id: texts(raw['bom-ref'])[0] ?? place,
    isPrimary: false,
    ...fact('name', raw.name),
    ...fact('version', raw.version),
    suppliers: partiesOf(raw.supplier),
    creators: [
      ...partiesOf(raw.manufacturer),
      ...partiesOf(raw.authors),
      ...texts([raw.author, raw.publisher]).map((name) => ({ name, emails: [], urls: [] })),
    ],
    ...fact('fileName', property('filename')),
    checksums: hashesOf(raw),
    deployableChecksums: hashes('distribution', 'distribution-intake'),
    sourceChecksums: hashes('source-distribution'),
    licences: licencesOf(raw.licenses),
    ...fact('effectiveLicence', property('effectiveLicence') ?? property('effectiveLicense')),
    purls: texts(raw.purl),
    cpes: texts(raw.cpe),
    otherIds: [...texts(recordOf(raw.swid).tagId), ...texts(raw.swhid), ...texts(raw.omniborId)],
    deployableUris: urls('distribution', 'distribution-intake').filter(isUrl),
    sourceUris: urls('source-distribution', 'vcs').filter(isUrl),
    securityTxts: urls('rfc-9116').filter(isUrl),
    ...fact('purpose', raw.type),
    ...fact('executable', property('executable')),
    ...fact('archive', property('archive')),
    ...fact('structured', property('structured')),
  };
}

function hashesOf(raw: Raw): ComponentFacts['checksums'] {
  return recordsOf(raw.hashes).flatMap(({ alg, content }) => checksum(alg, content));
}

/** One or a list, of persons (`email`) or organizations (`contact`, `url`). */
function partiesOf(value: unknown): readonly Party[] {
  return recordsOf(Array.isArray(value) ? value : [value]).map((raw) => ({
    ...fact('name', raw.name),
    emails: [...texts(raw.email), ...recordsOf(raw.contact).flatMap(({ email }) => texts(email))],
    urls: texts(raw.url),
  }));
}

function toolsOf(value: unknown): readonly Tool[] {
  const list = isRecord(value) ? [...recordsOf(value.components), ...recordsOf(value.services)] : recordsOf(value);
  return list.flatMap(({ name, version }) => texts(name).map((text) => ({ name: text, ...fact('version', version) })));
}

function licencesOf(value: unknown): readonly Licence[] {
  return recordsOf(value).flatMap((choice) => {
    const licence = recordOf(choice.license);
    const acknowledgement = licence.acknowledgement ?? choice.acknowledgement;
    return texts([licence.id ?? licence.name ?? choice.expression]).map((text) => ({
      text,
      ...(acknowledgement === 'declared' || acknowledgement === 'concluded' ? { acknowledgement } : {}),
    }));
  });
}

/** By bom-ref, what is said of a component's dependencies; a composition without lists speaks of the whole. */
function readCompositions(document: Raw): (reference: unknown) => unknown {
  const named = new Map<unknown, unknown>();
  let whole: unknown;
  for (const { aggregate, dependencies, assemblies } of recordsOf(document.compositions)) {
    for (const reference of texts(dependencies)) named.set(reference, aggregate);
    if (texts(dependencies).length + texts(assemblies).length === 0) whole = aggregate;
  }
  return (reference) => named.get(reference) ?? whole;
}

/** JSON Signature Format: one, several, or a chain; each with its value and a key. */
function signatureOf(value: unknown): SbomFacts['signature'] & string {
  if (!isRecord(value)) return 'absent';
  const all = [...recordsOf(value.signers), ...recordsOf(value.chain)];
  const isComplete = (one: Raw) =>
    texts(one.algorithm).length > 0 &&
    texts(one.value).length > 0 &&
    (isRecord(one.publicKey) || texts(one.certificatePath).length > 0);
  return (all.length > 0 ? all : [value]).every(isComplete) ? 'complete' : 'incomplete';
}
