/** The reference page of conformance: each suite writes its own part of it. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PAGE = join(import.meta.dirname, '../docs/reference/conformance.md');

/** Fails where the part under a heading is not what the suite says, and writes it anew. */
export function checkConformancePart(title: string, lines: readonly string[]): void {
  const page = readFileSync(PAGE, 'utf8');
  const parts = page.split(/^(?=# )/m);
  const part = `# ${title}\n\n${lines.join('\n')}\n`;
  const at = parts.findIndex((text) => text.startsWith(`# ${title}\n`));
  const others = parts.map((text, i) => (i === at ? part : text));
  if (at < 0) others.push(part);
  const wanted = `${others.map((text) => text.trimEnd()).join('\n\n')}\n`;
  if (wanted !== page) writeFileSync(PAGE, wanted);
  assert.equal(page, wanted, 'docs/reference/conformance.md was not what the suite says, and is written anew');
}
