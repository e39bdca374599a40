/** All of the report but the table of components. */
import { kindOfLicences } from '../licence-policy.ts';
import { findLayer } from '../sbom.ts';
import type { BaseImage, Sbom, SbomLayer } from '../sbom.ts';
import { html } from './markup.ts';
import type { Markup } from './markup.ts';
import { drawDependencies } from './picture.ts';
import { MAX_ROWS, typeOf } from './table.ts';
import { buildTree } from './tree.ts';
import type { TreeLimits, TreeNode } from './tree.ts';

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Markup;
}

/** Bars of one chart, and entries of one list. */
const MAX_BARS = 12;
const MAX_LISTED = 5000;
const TREE_LIMITS: TreeLimits = { nodes: 5000, depth: 40 };

export function describeFacts({ subject, distro, base, tool, created }: Sbom): Markup {
  const facts: readonly (readonly [name: string, value: Markup | string | undefined])[] = [
    ['Digest', subject.digest === undefined ? undefined : html`<code>${subject.digest}</code>`],
    ['Version', subject.version],
    ['Platform', subject.platform],
    ['System', distro === undefined ? undefined : (distro.prettyName ?? `${distro.id} ${distro.versionId ?? ''}`)],
    ['Base image', base === undefined ? undefined : describeBase(base)],
    ['Made', created === '' ? undefined : `${created} by ${tool.name} ${tool.version}`],
  ];
  return html`<dl class="facts">
    ${facts.map(([name, value]) =>
      value === undefined
        ? ''
        : html`<dt>${name}</dt>
            <dd>${value}</dd>`,
    )}
  </dl>`;
}

const HOW = { given: 'as given', annotations: "as the image's annotations say", history: 'guessed from the history' };

function describeBase({ name, digest, foundBy, isExcluded }: BaseImage): Markup {
  const left = isExcluded ? html` <span class="tag warn">its components are left out</span>` : '';
  return html`${name ?? 'not named'}
    <span class="soft">(${HOW[foundBy]})</span
    >${left}${digest === undefined ? '' : html`<br /><code>${digest}</code>`}`;
}

/** The overview first. Those with nothing in them are left out, but what was not read is always told. */
export function listSections(sbom: Sbom): readonly Section[] {
  const licences = countBy(sbom.components.flatMap(({ licences: list }) => [...new Set(list)]));
  return [
    { id: 'overview', title: 'Overview', body: drawOverview(sbom, licences) },
    { id: 'dependencies', title: 'Dependencies', body: drawTree(sbom) },
    ...((sbom.layers ?? []).length === 0 ? [] : [{ id: 'layers', title: 'Layers', body: listLayers(sbom) }]),
    { id: 'licences', title: 'Licences', body: listLicences(licences) },
    { id: 'unread', title: 'Not read', body: listUnread(sbom) },
  ];
}

type Counts = readonly (readonly [name: string, count: number])[];

/** Most first. */
function countBy(names: readonly string[]): Counts {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
}

function drawOverview(sbom: Sbom, licences: Counts): Markup {
  const { components, dependencies, skipped, layers = [] } = sbom;
  const unlicensed = components.filter((component) => component.licences.length === 0).length;
  const added = components.filter((component) => findLayer(sbom, component)?.isBase !== true).length;
  const gone = components.filter(({ deletedBy }) => deletedBy !== undefined).length;
  const notes = [sbom.base === undefined ? '' : `${added} added to the base`, gone === 0 ? '' : `${gone} gone`];
  const figures: readonly (readonly [name: string, value: number, note: string])[] = [
    ['Components', components.length, notes.filter((note) => note !== '').join(', ')],
    ['Licences', licences.length, unlicensed === 0 ? '' : `${unlicensed} without`],
    ['Dependencies', dependencies.reduce((sum, { to }) => sum + to.length, 0), ''],
    ...(layers.length === 0 ? [] : [['Layers', layers.length, baseNote(layers)] as const]),
    ['Not read', skipped.length, skipped.length === 0 ? '' : 'files, see below'],
  ];
  return html`<dl class="figures">
      ${figures.map(
        ([name, value, note]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}<small>${note}</small></dd>
          </div>`,
      )}
    </dl>
    <div class="charts">
      ${drawBars('By type', countBy(components.map(typeOf)))} ${drawBars('By licence', licences)}
      ${layers.length === 0 ? '' : drawBars('By layer', countLayers(sbom), new Set(layers.filter(({ isBase }) => isBase).map(nameOfLayer)))}
    </div>`;
}

function baseNote(layers: readonly SbomLayer[]): string {
  const count = layers.filter(({ isBase }) => isBase).length;
  return count === 0 ? '' : `${count} of the base image`;
}

function nameOfLayer({ index, isBase }: SbomLayer): string {
  return `layer ${index}${isBase ? ' (base)' : ''}`;
}

function countLayers(sbom: Sbom): Counts {
  const counts = new Map(countBy(sbom.components.map((component) => findLayer(sbom, component)?.diffId ?? '')));
  return (sbom.layers ?? []).map((layer) => [nameOfLayer(layer), counts.get(layer.diffId) ?? 0] as const);
}

function drawBars(title: string, counts: Counts, base: ReadonlySet<string> = new Set()): Markup {
  const most = counts.reduce((sofar, [, count]) => Math.max(sofar, count), 1);
  const bar = ([name, count]: Counts[number]) =>
    html`<li${base.has(name) ? html` class="of-base"` : ''}><span title="${name}">${name}</span><svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect width="${((100 * count) / most).toFixed(1)}" height="8"/></svg><span>${count}</span></li>`;
  const rest = counts.slice(MAX_BARS).reduce((sum, [, count]) => sum + count, 0);
  const shown = [...counts.slice(0, MAX_BARS), ...(rest === 0 ? [] : [['others', rest] as const])];
  return html`<div>
    <h3>${title}</h3>
    ${
      counts.length === 0
        ? html`<p class="empty">None.</p>`
        : html`<ul class="bars">
            ${shown.map(bar)}
          </ul>`
    }
  </div>`;
}

function drawTree(sbom: Sbom): Markup {
  const { roots, left } = buildTree(sbom, TREE_LIMITS);
  if (roots.length === 0 || sbom.dependencies.length === 0) return html`<p class="empty">None are known.</p>`;
  const rows = new Map(sbom.components.map(({ id }, row) => [id, row]));
  const picture = drawDependencies(sbom);
  return html`${picture === undefined ? '' : html`<div class="picture" tabindex="0" role="region" aria-label="Picture of the dependencies">${picture}</div>`}
    <p>
      <button type="button" data-tree="open">Open all</button>
      <button type="button" data-tree="close">Close all</button>
    </p>
    <ul class="tree">
      ${roots.map((node) => drawNode(node, rows))}
    </ul>
    ${left > 0 ? html`<p class="soft">${left} more places are not shown.</p>` : ''}`;
}

function drawNode({ component, cut, children }: TreeNode, rows: ReadonlyMap<string, number>): Markup {
  const row = rows.get(component.id) ?? 0;
  const name = html`${component.name} <span class="soft">${component.version}</span>`;
  const label = row < MAX_ROWS ? html`<a href="#c${row}">${name}</a>` : name;
  const note =
    cut === undefined
      ? ''
      : html` <span class="soft">${cut === 'above' ? 'see above' : 'deeper ones are not shown'}</span>`;
  if (children.length === 0) return html`<li><span>${label}${note}</span></li>`;
  return html`<li>
    <details>
      <summary>${label}</summary>
      <ul>
        ${children.map((child) => drawNode(child, rows))}
      </ul>
    </details>
  </li>`;
}

function listLayers(sbom: Sbom): Markup {
  const counts = new Map(countLayers(sbom));
  const row = (layer: SbomLayer) =>
    html`<tr>
      <td class="number">${layer.index}${layer.isBase ? html` <span class="tag">base</span>` : ''}</td>
      <td class="number">${counts.get(nameOfLayer(layer)) ?? 0}</td>
      <td><code>${layer.instruction ?? ''}</code></td>
      <td><code>${layer.diffId}</code></td>
    </tr> `;
  return html`<div class="wide">
    <table>
      <caption>
        Layers, lowest first
      </caption>
      <thead>
        <tr>
          <th scope="col">Layer</th>
          <th scope="col">Components</th>
          <th scope="col">Instruction</th>
          <th scope="col">Diff id</th>
        </tr>
      </thead>
      <tbody>
        ${(sbom.layers ?? []).map(row)}
      </tbody>
    </table>
  </div>`;
}

const KINDS = { listed: 'SPDX', reference: 'reference', unknown: 'not SPDX', none: '' };

function listLicences(licences: Counts): Markup {
  if (licences.length === 0) return html`<p class="empty">None are known.</p>`;
  const row = ([text, count]: Counts[number]) => {
    const kind = KINDS[kindOfLicences([text])];
    return html`<tr>
      <td><a href="#components" data-search="${text}">${text}</a></td>
      <td>${kind === 'not SPDX' ? html`<span class="tag warn">${kind}</span>` : kind}</td>
      <td class="number">${count}</td>
    </tr> `;
  };
  const left = licences.length - MAX_LISTED;
  return html`<div class="wide">
      <table>
        <caption>
          Licences, most used first
        </caption>
        <thead>
          <tr>
            <th scope="col">Licence</th>
            <th scope="col">Known as</th>
            <th scope="col">Components</th>
          </tr>
        </thead>
        <tbody>
          ${licences.slice(0, MAX_LISTED).map(row)}
        </tbody>
      </table>
    </div>
    ${left > 0 ? html`<p class="soft">${left} more are in the document.</p>` : ''}`;
}

function listUnread({ skipped }: Sbom): Markup {
  if (skipped.length === 0) return html`<p class="empty">All that may hold components was read.</p>`;
  const left = skipped.length - MAX_LISTED;
  return html`<p>What is in these files is not known.</p>
    <div class="wide">
      <table>
        <caption>
          What was not read
        </caption>
        <thead>
          <tr>
            <th scope="col">File</th>
            <th scope="col">Reason</th>
          </tr>
        </thead>
        <tbody>
          ${skipped.slice(0, MAX_LISTED).map(
            ({ path, reason }) =>
              html`<tr>
                <td><code>${path}</code></td>
                <td>${reason}</td>
              </tr> `,
          )}
        </tbody>
      </table>
    </div>
    ${left > 0 ? html`<p class="soft">${left} more are in the document.</p>` : ''}`;
}
