/** Between SBOMs and the graph: which package names a component answers to, and the way back to what can be matched. */
import { AppError, isRecord } from '../core/index.ts';
import type { ComponentFact, ComponentNode, PackageName } from '../graph/index.ts';
import { findEcosystem, findPurl } from '../metadata/ecosystem/index.ts';
import type { Distro } from '../metadata/ecosystem/index.ts';
import type { Component, Sbom } from '../metadata/sbom/index.ts';

/** What matching needs of a component. Locations and licences are the document's business: without them equal packages are equal. */
interface ComponentRecord {
  readonly component: Component;
  readonly distro?: Distro;
}

export function componentFacts(sbom: Sbom): readonly ComponentFact[] {
  return sbom.components.flatMap((component) => {
    const { purl = '', name, version } = component;
    const lookups = lookupNames(component, sbom.distro);
    if (lookups.length === 0) return [];
    const record: ComponentRecord = {
      component: { ...component, id: purl, locations: [], licences: [], hashes: [], properties: {} },
      ...(sbom.distro === undefined ? {} : { distro: sbom.distro }),
    };
    return [{ purl, name, version, lookups, record }];
  });
}

/** The names under which advisories may be filed, without the distribution's release. */
function lookupNames(component: Component, distro: Distro | undefined): readonly PackageName[] {
  const purl = findPurl(component.purl ?? '');
  const ecosystem = purl === undefined ? undefined : findEcosystem(purl.type);
  if (purl === undefined || ecosystem === undefined) return [];
  const bases = new Set(ecosystem.advisoryEcosystems(purl, distro).map(baseOf));
  const names = new Set([ecosystem.packageName(purl), component.source?.name ?? ecosystem.packageName(purl)]);
  return [...bases].flatMap((base) =>
    [...names].map((name) => ({ ecosystem: base, name: ecosystem.normalizeName(name) })),
  );
}

/** `Debian` of `Debian:12`. */
export function baseOf(osvEcosystem: string): string {
  return osvEcosystem.split(':', 1)[0] ?? '';
}

/** An SBOM of what the graph kept: one for each distribution, since that is a property of the whole document. */
export function sbomsOf(nodes: readonly ComponentNode[]): readonly Sbom[] {
  const groups = new Map<string, { distro: Distro | undefined; components: Component[] }>();
  for (const node of nodes) {
    const { component, distro } = recordOf(node);
    const key = JSON.stringify(distro ?? null);
    const group = groups.get(key) ?? { distro, components: [] };
    group.components.push(component);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ distro, components }) => ({
    subject: { kind: 'unknown', name: 'graph' },
    ...(distro === undefined ? {} : { distro }),
    components,
    dependencies: [],
    skipped: [],
    tool: { name: 'plimsoll', version: '' },
    created: '',
  }));
}

/** The graph holds only what componentFacts made. */
function recordOf(node: ComponentNode): ComponentRecord {
  if (!isRecord(node.record) || !isRecord(node.record.component)) {
    throw new AppError(
      'invalid-input',
      `evidence graph: expected a component record for ${node.purl}, found something else`,
    );
  }
  return node.record as unknown as ComponentRecord;
}
