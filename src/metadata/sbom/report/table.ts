/** The table of components, with all that is known of each behind its name. */
import { findPurl } from '../../ecosystem/index.ts';
import { findLayer } from '../sbom.ts';
import type { Component, Sbom } from '../sbom.ts';
import { html } from './markup.ts';
import type { Markup } from './markup.ts';

/** Browsers become slow at larger tables; the documents have them all. */
export const MAX_ROWS = 20_000;
/** Of one component: its places, and what it needs or is needed by. */
const MAX_LISTED = 30;

const COLUMNS = ['Name', 'Version', 'Type', 'Licences', 'Layer'];

/** Ecosystem as in package URLs; the kind where there is none. */
export function typeOf({ purl, kind }: Component): string {
  return findPurl(purl ?? '')?.type ?? kind;
}

/** Of an arranged SBOM. */
export function listComponents(sbom: Sbom): Markup {
  if (sbom.components.length === 0) return html`<p class="empty">None were found.</p>`;
  const types = [...new Set(sbom.components.map(typeOf))].sort();
  const left = sbom.components.length - MAX_ROWS;
  return html`<div class="tools" id="tools" hidden="">
<label class="grow">Search in all that is known of a component <input type="search" id="search"/></label>
<label>Type <select id="type"><option value="">all</option>${types.map((type) => html`<option>${type}</option>`)}</select></label>
<label${sbom.base === undefined ? html` hidden=""` : ''}>From <select id="origin"><option value="">all layers</option><option value="added">added to the base image</option><option value="base">the base image</option></select></label>
<p class="count" id="count" role="status"></p>
</div>
<div class="wide"><table id="component-table"><caption>Components</caption>
<thead><tr>${COLUMNS.map((name) => html`<th scope="col"><button type="button">${name}</button></th>`)}</tr></thead>
<tbody>
${listRows(sbom)}
</tbody></table></div>
${left > 0 ? html`<p class="soft">${left} more are in the document, but not in this table.</p>` : ''}`;
}

function listRows(sbom: Sbom): readonly Markup[] {
  const rows = new Map(sbom.components.map((component, row) => [component.id, { component, row }]));
  const needs = new Map(sbom.dependencies.map(({ from, to }) => [from, to]));
  const needed = new Map<string, string[]>();
  for (const { from, to } of sbom.dependencies)
    for (const target of to) needed.set(target, [...(needed.get(target) ?? []).slice(0, MAX_LISTED), from]);
  const link = (id: string) => {
    const found = rows.get(id);
    return found === undefined ? html`` : html`<a href="#c${found.row}">${found.component.name}</a> `;
  };
  return sbom.components.slice(0, MAX_ROWS).map((component, row) => {
    const isBase = findLayer(sbom, component)?.isBase === true;
    return html`<tr id="c${row}" data-type="${typeOf(component)}" data-origin="${isBase ? 'base' : 'added'}">
      <th scope="row">
        <details>
          <summary>${component.name}</summary>
          <dl>
            ${listFacts(component)}${fact('needs', cut(needs.get(component.id) ?? []).map(link))}${fact('needed by', cut(needed.get(component.id) ?? []).map(link))}
          </dl>
        </details>
      </th>
      <td class="mono">${component.version}</td>
      <td>${typeOf(component)}${markScope(component)}</td>
      <td>${component.licences.join(', ')}</td>
      <td class="number" data-key="${component.introducedBy?.index ?? -1}">${drawLayer(component, isBase)}</td>
    </tr> `;
  });
}

function cut<T>(list: readonly T[]): readonly T[] {
  return list.slice(0, MAX_LISTED);
}

function markScope({ scope }: Component): Markup | string {
  return scope === 'runtime' ? '' : html` <span class="tag">${scope}</span>`;
}

function drawLayer({ introducedBy, deletedBy }: Component, isBase: boolean): Markup {
  return html`${introducedBy?.index}${isBase ? html` <span class="tag">base</span>` : ''}${deletedBy === undefined ? '' : html` <span class="tag warn">gone in ${deletedBy.index}</span>`}`;
}

function listFacts(component: Component): readonly Markup[] {
  const { source, locations, hashes, cpes = [] } = component;
  const code = (text: string) => html`<code>${text}</code><br />`;
  return [
    fact('package URL', component.purl === undefined ? [] : [code(component.purl)]),
    fact('description', texts(component.description)),
    fact('supplier', texts(component.supplier)),
    fact('originator', texts(component.originator)),
    fact('source', source === undefined ? [] : [html`${source.name} ${source.version}`]),
    fact('copyright', texts(component.copyright)),
    fact('home page', texts(component.homepage)),
    fact('source code', texts(component.sourceRepository)),
    fact('found in', cut([...new Set(locations.map(({ path }) => path))]).map(code)),
    fact('found by', texts(component.foundBy)),
    fact('belongs to', component.ownedBy === undefined ? [] : [code(component.ownedBy)]),
    fact('found licences', texts(component.detectedLicences?.join(', '))),
    fact(
      'hashes',
      hashes.map(({ algorithm, value }) => code(`${algorithm}:${value}`)),
    ),
    fact('CPE', cut(cpes).map(code)),
  ];
}

function texts(text: string | undefined): readonly string[] {
  return text === undefined || text === '' ? [] : [text];
}

function fact(name: string, values: readonly (Markup | string)[]): Markup {
  return values.length === 0
    ? html``
    : html`<dt>${name}</dt>
        <dd>${values}</dd>`;
}
