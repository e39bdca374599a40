/**
 * Snapshot for GitHub's dependency submission API: what was found, by the file that it was found in. The run and the commit are left
 * empty, as Syft leaves them, for whoever submits it to fill in.
 */
import { findRoots } from '../sbom.ts';
import type { Component, Sbom } from '../sbom.ts';

export function toGithub(sbom: Sbom): unknown {
  const direct = new Set(findRoots(sbom));
  const edges = new Map(sbom.dependencies.map(({ from, to }) => [from, to]));
  const files = Map.groupBy(
    sbom.components.filter(({ purl }) => purl !== undefined),
    ({ locations }) => locations[0]?.path ?? sbom.subject.name,
  );
  const entryOf = (component: Component) => ({
    package_url: component.purl,
    relationship: direct.has(component.id) ? 'direct' : 'indirect',
    scope: component.scope === 'development' ? 'development' : 'runtime',
    dependencies: edges.get(component.id) ?? [],
    metadata: metadataOf(component),
  });
  return {
    version: 0,
    job: {},
    sha: '',
    ref: '',
    detector: { name: sbom.tool.name, version: sbom.tool.version, url: 'https://plimsoll.dev' },
    scanned: sbom.created,
    manifests: Object.fromEntries(
      [...files].map(([file, components]) => {
        const resolved = Object.fromEntries(components.map((component) => [component.id, entryOf(component)]));
        return [file, { name: file, file: { source_location: file }, resolved }];
      }),
    ),
  };
}

function metadataOf({ licences, introducedBy }: Component): Readonly<Record<string, string>> {
  return {
    ...(licences.length === 0 ? {} : { licenses: licences.join(', ') }),
    ...(introducedBy === undefined ? {} : { layer: introducedBy.diffId }),
  };
}
