/** Reference pages that suites write: of conformance, each suite its own part. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const REFERENCE = join(import.meta.dirname, '../docs/reference');

/** Fails where the part under a heading is not what the suite says, and writes it anew. */
export function checkConformancePart(title: string, lines: readonly string[]): void {
  const page = readFileSync(join(REFERENCE, 'conformance.md'), 'utf8');
  const parts = page.split(/^(?=# )/m);
  const part = `# ${title}\n\n${lines.join('\n')}\n`;
  const at = parts.findIndex((text) => text.startsWith(`# ${title}\n`));
  const others = parts.map((text, i) => (i === at ? part : text));
  if (at < 0) others.push(part);
  const wanted = `${others.map((text) => text.trimEnd()).join('\n\n')}\n`;
  checkReferencePage('conformance.md', wanted.trimEnd().split('\n'));
}

/** Fails where a page of docs/reference is not what a suite says, and writes it anew. */
export function checkReferencePage(name: string, lines: readonly string[]): void {
  const path = join(REFERENCE, name);
  const page = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const wanted = `${lines.join('\n')}\n`;
  if (wanted !== page) writeFileSync(path, wanted);
  assert.equal(page, wanted, `docs/reference/${name} was not what the suite says, and is written anew`);
}
