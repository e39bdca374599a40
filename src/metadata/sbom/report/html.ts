/**
 * An SBOM as one HTML page for people: self-contained, nothing is fetched and nothing but its own script runs (Content-Security-Policy with
 * the digests of both). It is readable without the script. Not written for machines: nothing reads it back.
 */
import { createHash } from 'node:crypto';
import { arrangeSbom } from '../sbom.ts';
import type { Sbom } from '../sbom.ts';
import { html, Markup } from './markup.ts';
import { SCRIPT } from './script.ts';
import { describeFacts, listSections } from './sections.ts';
import type { Section } from './sections.ts';
import { STYLE } from './style.ts';
import { listComponents } from './table.ts';

/** Nothing is fetched, no form is sent, and nothing runs but the one script. */
const POLICY = `default-src 'none'; style-src ${digestOf(STYLE)}; script-src ${digestOf(SCRIPT)}; base-uri 'none'; form-action 'none'`;

export function formatSbomHtml(sbom: Sbom): string {
  const arranged = arrangeSbom(sbom);
  const [overview, ...others] = listSections(arranged);
  const components = { id: 'components', title: 'Components', body: listComponents(arranged) };
  const sections = [...(overview === undefined ? [] : [overview]), components, ...others];
  const page = html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <title>${arranged.subject.name}: software bill of materials</title>
      ${new Markup(`<style>${STYLE}</style>`)}
    </head>
    <body>
      <a class="skip" href="#components">Skip to the components</a>
      <header>
        <p class="kind">Software bill of materials</p>
        <h1>${arranged.subject.name}</h1>
        ${describeFacts(arranged)}
        <nav aria-label="Sections">
          <ul>
            ${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}
          </ul>
        </nav>
      </header>
      <main>${sections.map(drawSection)}</main>
      <footer>Made by ${arranged.tool.name} ${arranged.tool.version} on ${arranged.created}</footer>
      ${new Markup(`<script>${SCRIPT}</script>`)}
    </body>
  </html>`;
  return `<!DOCTYPE html>\n${page.text}\n`;
}

function drawSection({ id, title, body }: Section): Markup {
  return html`<section id="${id}" aria-labelledby="${id}-title">
    <h2 id="${id}-title">${title}</h2>
    ${body}
  </section> `;
}

function digestOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
