/** What a document says that the neutral model has no place for: it is lost when the document is written anew, and whoever does so is told. */
import { isRecord, recordsOf } from '../../core/index.ts';
import { readSourceInfo } from './source-words.ts';

export interface UnreadField {
  /** `components[].pedigree`, `relationships of BUILD_TOOL_OF`. */
  readonly field: string;
  readonly count: number;
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

/** By the place in the document, the keys that are read or that writing makes anew. */
const CYCLONEDX = {
  '': words('$schema bomFormat specVersion serialNumber version metadata components dependencies compositions'),
  metadata: words('timestamp lifecycles tools authors component manufacturer manufacture properties'),
  'components[]': words(
    'bom-ref type group name version description copyright cpe purl author authors publisher supplier externalReferences scope hashes licenses properties evidence components',
  ),
  'components[].evidence': words('occurrences'),
};
const SPDX2 = {
  '': words(
    'spdxVersion dataLicense SPDXID name documentNamespace creationInfo annotations packages hasExtractedLicensingInfos relationships documentDescribes',
  ),
  'packages[]': words(
    'SPDXID name versionInfo supplier originator homepage description copyrightText downloadLocation primaryPackagePurpose checksums sourceInfo licenseDeclared licenseConcluded filesAnalyzed externalRefs annotations',
  ),
};
const SPDX2_EDGES = words('DESCRIBES DESCRIBED_BY CONTAINS CONTAINED_BY DEPENDS_ON DEPENDENCY_OF');
const SPDX3_TYPES = words(
  'CreationInfo SoftwareAgent Tool Organization Person Agent SpdxDocument software_Sbom software_Package software_File Annotation simplelicensing_LicenseExpression simplelicensing_SimpleLicensingText',
);
const SPDX3_EDGES = words('contains dependsOn hasDeclaredLicense');

/** Sorted by field. Of a document in the shape of its JSON. */
export function listUnread(document: unknown): readonly UnreadField[] {
  const counts = new Map<string, number>();
  const count = (field: string) => void counts.set(field, (counts.get(field) ?? 0) + 1);
  if (isRecord(document) && document.bomFormat === 'CycloneDX') visitKeys(document, '', { known: CYCLONEDX, count });
  if (isRecord(document) && typeof document.spdxVersion === 'string') {
    visitKeys(document, '', { known: SPDX2, count });
    for (const { sourceInfo } of recordsOf(document.packages)) {
      if (typeof sourceInfo === 'string' && readSourceInfo(sourceInfo) === undefined) count('packages[].sourceInfo');
    }
    for (const { relationshipType } of recordsOf(document.relationships)) {
      if (!SPDX2_EDGES.has(String(relationshipType))) count(`relationships of ${String(relationshipType)}`);
    }
  }
  for (const { type, relationshipType } of recordsOf(isRecord(document) ? document['@graph'] : undefined)) {
    const isEdge = String(type).endsWith('Relationship');
    if (isEdge && !SPDX3_EDGES.has(String(relationshipType))) count(`relationships of ${String(relationshipType)}`);
    else if (!isEdge && !SPDX3_TYPES.has(String(type))) count(`elements of ${String(type)}`);
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([field, number]) => ({ field, count: number }));
}

interface Visit {
  readonly known: Readonly<Record<string, ReadonlySet<string>>>;
  readonly count: (field: string) => void;
}

/** Nested components are at the place of their parents. */
function visitKeys(value: Readonly<Record<string, unknown>>, place: string, visit: Visit): void {
  for (const [key, child] of Object.entries(value)) {
    const field = place === '' ? key : `${place}.${key}`;
    if (visit.known[place]?.has(key) !== true) visit.count(field);
    else if (isRecord(child) && field in visit.known) visitKeys(child, field, visit);
    else {
      const list = key === 'components' ? 'components[]' : `${field}[]`;
      if (list in visit.known) for (const item of recordsOf(child)) visitKeys(item, list, visit);
    }
  }
}
