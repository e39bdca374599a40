/** Facts of SPDX 2.2 and 2.3. Files that are no package are no components here. */
import { isRecord, recordsOf } from '../../../../core/index.ts';
import { checksum, fact, isUrl, splitContact, texts, toolOf } from './facts.ts';
import type { ComponentFacts, Licence, Party, SbomFacts } from './facts.ts';

type Raw = Readonly<Record<string, unknown>>;

export function readSpdx2Facts(document: Raw): SbomFacts {
  const creation: Raw = isRecord(document.creationInfo) ? document.creationInfo : {};
  const creators = texts(creation.creators);
  const edges = readEdges(document);
  const described = new Set(texts(document.documentDescribes));
  for (const { spdxElementId: from, relatedSpdxElement: to, relationshipType: type } of recordsOf(
    document.relationships,
  )) {
    if (type === 'DESCRIBES') described.add(String(to));
    if (type === 'DESCRIBED_BY') described.add(String(from));
  }
  const packages = recordsOf(document.packages);
  const primary = packages.find(({ SPDXID }) => described.has(String(SPDXID)));
  return {
    family: 'SPDX',
    version: String(document.spdxVersion).replace('SPDX-', ''),
    ...fact('uri', document.documentNamespace),
    ...fact('timestamp', creation.created),
    authors: creators.filter((text) => !/^Tool:/i.test(text)).map(partyOf),
    suppliers: [],
    tools: creators.filter((text) => /^Tool:/i.test(text)).map((text) => toolOf(text.slice('Tool:'.length).trim())),
    ...fact('dataLicence', document.dataLicense),
    hasVulnerabilities: false,
    components: [...(primary === undefined ? [] : [primary]), ...packages.filter((entry) => entry !== primary)].map(
      (entry) => ({
        ...readPackage(entry),
        isPrimary: entry === primary,
        ...edges.get(String(entry.SPDXID)),
      }),
    ),
  };
}

type Edges = Pick<ComponentFacts, 'dependsOn' | 'completeness'>;

/** By id. NONE says that there are no more, NOASSERTION that more may be. */
function readEdges(document: Raw): ReadonlyMap<string, Edges> {
  const result = new Map<string, { readonly dependsOn: string[]; completeness?: string }>();
  for (const { spdxElementId, relatedSpdxElement, relationshipType } of recordsOf(document.relationships)) {
    const type = String(relationshipType);
    const isForward = type === 'DEPENDS_ON' || type === 'CONTAINS';
    if (!isForward && !type.endsWith('DEPENDENCY_OF') && type !== 'CONTAINED_BY') continue;
    const [from, to] = isForward ? [spdxElementId, relatedSpdxElement] : [relatedSpdxElement, spdxElementId];
    const known = result.get(String(from)) ?? { dependsOn: [] };
    result.set(String(from), known);
    if (to === 'NONE') known.completeness ??= 'complete';
    else if (to === 'NOASSERTION') known.completeness = 'unknown';
    else known.dependsOn.push(String(to));
  }
  return result;
}

/** `Person: Jane Doe (jane@example.com)`; some write a URL in the brackets. */
function partyOf(text: string): Party {
  const { name, contact } = splitContact(text.replace(/^\w+:/, ''));
  const isLink = contact.includes('://');
  return { ...fact('name', name), emails: isLink ? [] : texts(contact), urls: isLink ? texts(contact) : [] };
}

function readPackage(raw: Raw): ComponentFacts {
  const references = recordsOf(raw.externalRefs);
  const locators = (kind: RegExp) =>
    references
      .filter(({ referenceType }) => kind.test(String(referenceType)))
      .flatMap((one) => texts(one.referenceLocator));
  const checksums = recordsOf(raw.checksums).flatMap((one) => checksum(one.algorithm, one.checksumValue));
  const download = texts(raw.downloadLocation).filter(isUrl);
  const licences = (value: unknown, acknowledgement: Licence['acknowledgement'] & string) =>
    texts(value).map((text) => ({ text, acknowledgement }));
  return {
    id: String(raw.SPDXID),
    isPrimary: false,
    ...fact('name', raw.name),
    ...fact('version', raw.versionInfo),
    suppliers: texts(raw.supplier).map(partyOf),
    creators: texts(raw.originator).map(partyOf),
    ...fact('fileName', raw.packageFileName),
    checksums,
    // the checksum of a package is that of the file at its download location (SPDX 2.3 7.10)
    deployableChecksums: download.length > 0 ? checksums : [],
    sourceChecksums: [],
    licences: [...licences(raw.licenseDeclared, 'declared'), ...licences(raw.licenseConcluded, 'concluded')],
    purls: locators(/^purl$/),
    cpes: locators(/^cpe2[23]Type$/),
    otherIds: locators(/^(?:swid|swh|gitoid)$/),
    deployableUris: download.filter((url) => !/^(?:git|hg|svn|bzr)\+/.test(url)),
    sourceUris: [
      ...download.filter((url) => /^(?:git|hg|svn|bzr)\+/.test(url)),
      ...texts(raw.sourceInfo).flatMap((text) => /(?<![a-z+])[a-z][a-z+]*:\/\/\S+/.exec(text) ?? []),
      ...locators(/^vcs$/),
    ].filter(isUrl),
    securityTxts: locators(/^(?:advisory|url|securityOther)$/).filter((url) => url.endsWith('security.txt')),
    ...fact('purpose', raw.primaryPackagePurpose),
  };
}
