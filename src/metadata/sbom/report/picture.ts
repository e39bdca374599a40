/** The dependencies of a small SBOM as a drawing: columns by the longest way from the subject, so that lines lead from left to right. */
import { findLayer, findRoots } from '../sbom.ts';
import type { Component, Sbom } from '../sbom.ts';
import { html, Markup } from './markup.ts';

/** More is a tangle that tells nobody anything; the tree tells it. */
const MAX_NODES = 70;
const MAX_EDGES = 250;

const WIDTH = 190;
const HEIGHT = 26;
const GAP_X = 70;
const GAP_Y = 12;
const MARGIN = 16;
/** Characters that fit into a box. */
const MAX_LABEL = 25;

interface Place {
  readonly label: string;
  readonly title: string;
  /** Of its row in the table; undefined for the subject. */
  readonly row: number | undefined;
  readonly isBase: boolean;
  readonly column: number;
  y: number;
}

/** Undefined where there are too many components, or nothing to draw. Of an arranged SBOM. */
export function drawDependencies(sbom: Sbom): Markup | undefined {
  const edges = sbom.dependencies.flatMap(({ from, to }) => to.map((target) => [from, target] as const));
  if (sbom.components.length > MAX_NODES || edges.length > MAX_EDGES || edges.length === 0) return undefined;
  const places = placeAll(sbom);
  const roots = findRoots(sbom).map((id) => ['', id] as const);
  const all = [...places.values()];
  const width = Math.max(...all.map(({ column }) => leftOf(column))) + WIDTH + MARGIN;
  const height = Math.max(...all.map(({ y }) => y)) + HEIGHT + MARGIN;
  return html`<svg
    width="${width}"
    height="${height}"
    viewBox="0 0 ${width} ${height}"
    role="group"
    aria-label="dependencies"
  >
    ${[...roots, ...edges].map(([from, to]) => drawEdge(places.get(from), places.get(to)))} ${all.map(drawNode)}
  </svg>`;
}

function leftOf(column: number): number {
  return MARGIN + column * (WIDTH + GAP_X);
}

/** By id; the subject under the empty one. */
function placeAll(sbom: Sbom): ReadonlyMap<string, Place> {
  const needs = new Map(sbom.dependencies.map(({ from, to }) => [from, to]));
  needs.set('', findRoots(sbom));
  const rows = new Map(sbom.components.map((component, row) => [component.id, { component, row }]));
  const depths = findDepths(needs);
  const places = new Map<string, Place>();
  for (const [depth, column] of Map.groupBy(depths.keys(), (id) => depths.get(id) ?? 0)) {
    for (const [index, id] of orderBySources(column, needs, places).entries())
      places.set(id, placeOf(sbom, rows.get(id), [depth, index]));
  }
  centre(places);
  return places;
}

type Needs = ReadonlyMap<string, readonly string[]>;

/** Links of the longest way from the subject, lowest first; of a circle the link that closes it does not count. */
function findDepths(needs: Needs): ReadonlyMap<string, number> {
  const order: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const closing = new Set<string>();
  const visit = (id: string) => {
    state.set(id, 'open');
    for (const next of needs.get(id) ?? []) {
      if (state.get(next) === 'open') closing.add(`${id}\n${next}`);
      else if (!state.has(next)) visit(next);
    }
    state.set(id, 'done');
    order.unshift(id);
  };
  visit('');
  const depths = new Map(order.map((id) => [id, 0]));
  for (const id of order) {
    for (const next of needs.get(id) ?? []) {
      if (closing.has(`${id}\n${next}`)) continue;
      depths.set(next, Math.max(depths.get(next) ?? 0, (depths.get(id) ?? 0) + 1));
    }
  }
  return new Map([...depths].sort(([, a], [, b]) => a - b));
}

/** Each at the mean height of those that need it: few lines cross. */
function orderBySources(
  column: readonly string[],
  needs: Needs,
  places: ReadonlyMap<string, Place>,
): readonly string[] {
  const heightOf = (id: string) => {
    const sources = [...places].filter(([source]) => needs.get(source)?.includes(id) === true);
    return sources.reduce((sum, [, { y }]) => sum + y, 0) / Math.max(1, sources.length);
  };
  return [...column].sort((a, b) => heightOf(a) - heightOf(b) || (a < b ? -1 : 1));
}

function placeOf(
  sbom: Sbom,
  found: { readonly component: Component; readonly row: number } | undefined,
  [column, index]: readonly [column: number, index: number],
): Place {
  const { component, row } = found ?? {};
  const title = component === undefined ? sbom.subject.name : `${component.name} ${component.version}`;
  const isBase = component !== undefined && findLayer(sbom, component)?.isBase === true;
  return { label: shorten(title), title, row, isBase, column, y: MARGIN + index * (HEIGHT + GAP_Y) };
}

function shorten(text: string): string {
  const signs = Array.from(text);
  return signs.length <= MAX_LABEL ? text : `${signs.slice(0, MAX_LABEL - 1).join('')}…`;
}

/** Shorter columns stand in the middle of the tallest. */
function centre(places: ReadonlyMap<string, Place>): void {
  const columns = Map.groupBy(places.values(), ({ column }) => column);
  const tallest = Math.max(...[...columns.values()].map((column) => column.length));
  for (const column of columns.values())
    for (const place of column) place.y += ((tallest - column.length) * (HEIGHT + GAP_Y)) / 2;
}

function drawEdge(from: Place | undefined, to: Place | undefined): Markup {
  if (from === undefined || to === undefined) return html``;
  const [x1, y1] = [leftOf(from.column) + WIDTH, from.y + HEIGHT / 2];
  const [x2, y2] = [leftOf(to.column), to.y + HEIGHT / 2];
  const isBack = to.column <= from.column;
  const bend = isBack ? GAP_X : (x2 - x1) / 2;
  const path = `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
  return html`<path
    d="${path}"
    class="${isBack ? 'back' : 'forth'}"
    data-a="${from.row ?? 's'}"
    data-b="${to.row ?? 's'}"
  />`;
}

function drawNode({ label, title, row, isBase, column, y }: Place): Markup {
  const kind = row === undefined ? 'subject' : isBase ? 'of-base' : 'added';
  const [x, middle] = [leftOf(column), y + HEIGHT / 2];
  return html`<a href="#${row === undefined ? 'overview' : `c${row}`}" class="${kind}" data-node="${row ?? 's'}"
    ><title>${title}</title><rect x="${x}" y="${y}" width="${WIDTH}" height="${HEIGHT}" rx="6" /><text
      x="${x + 10}"
      y="${middle + 4}"
      >${label}</text
    ></a
  > `;
}
