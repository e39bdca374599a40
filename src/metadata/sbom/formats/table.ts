/** The SBOM for people: one line per component, then what was not read. */
import { arrangeSbom } from '../sbom.ts';
import type { Sbom } from '../sbom.ts';

export function formatSbomTable(sbom: Sbom): string {
  const arranged = arrangeSbom(sbom);
  const rows = arranged.components.map((component) => [
    component.name,
    component.version,
    component.purl?.slice('pkg:'.length).split('/', 1)[0] ?? '-',
    component.introducedBy === undefined ? '-' : String(component.introducedBy.index),
    component.licences.join(', ') || '-',
  ]);
  const lines = alignColumns([['NAME', 'VERSION', 'TYPE', 'LAYER', 'LICENCES'], ...rows]);
  const skipped = arranged.skipped.map(({ path, reason }) => `not read: ${path}: ${reason}`);
  const system = arranged.distro?.prettyName ?? arranged.distro?.id;
  const title = `${arranged.subject.name}${system === undefined ? '' : ` (${system})`}: ${rows.length} components`;
  return [title, '', ...lines, ...(skipped.length === 0 ? [] : ['', ...skipped])].join('\n');
}

/** Pads all columns but the last, which is cut at a width that keeps lines readable. */
function alignColumns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell.slice(0, 60) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
