/** The SBOM for people: one line per component, then the layers of an image, then what was not read. */
import { arrangeSbom, findLayer } from '../sbom.ts';
import type { Component, Sbom } from '../sbom.ts';

export function formatSbomTable(sbom: Sbom): string {
  const arranged = arrangeSbom(sbom);
  const rows = arranged.components.map((component) => [
    component.name,
    component.version,
    component.purl?.slice('pkg:'.length).split('/', 1)[0] ?? '-',
    formatLayer(arranged, component),
    component.licences.join(', ') || '-',
  ]);
  const lines = alignColumns([['NAME', 'VERSION', 'TYPE', 'LAYER', 'LICENCES'], ...rows]);
  const skipped = arranged.skipped.map(({ path, reason }) => `not read: ${path}: ${reason}`);
  const system = arranged.distro?.prettyName ?? arranged.distro?.id;
  const title = `${arranged.subject.name}${system === undefined ? '' : ` (${system})`}: ${rows.length} components`;
  const parts = [[title], lines, listLayers(arranged), skipped];
  return parts.flatMap((part, index) => (part.length === 0 || index === 0 ? part : ['', ...part])).join('\n');
}

/** `*` marks the base image; of what is gone, the layer that took it away stands behind. */
function formatLayer(sbom: Sbom, component: Component): string {
  const { introducedBy, deletedBy } = component;
  if (introducedBy === undefined) return '-';
  const gone = deletedBy === undefined ? '' : ` gone in ${deletedBy.index}`;
  return `${introducedBy.index}${findLayer(sbom, component)?.isBase === true ? '*' : ''}${gone}`;
}

const HOW = { given: 'as given', annotations: "as the image's annotations say", history: 'a guess from the history' };

function listLayers({ layers = [], base }: Sbom): readonly string[] {
  const steps = layers.flatMap(({ index, isBase, instruction }) =>
    instruction === undefined
      ? []
      : [`layer ${index}${isBase ? '*' : ''}: ${instruction.replaceAll(/\s+/g, ' ').slice(0, 100)}`],
  );
  if (base === undefined) return steps;
  const name = base.name === undefined ? '' : ` ${base.name}`;
  const left = base.isExcluded ? '; its components are left out' : '';
  return [...steps, `* base image${name}, ${HOW[base.foundBy]}${left}`];
}

/** Pads all columns but the last, which is cut at a width that keeps lines readable. */
function alignColumns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), 0),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell.slice(0, 60) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
