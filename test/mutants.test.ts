/** The mutants themselves; `npm run mutants` says whether tests find them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { applyMutant, mutants } from '../scripts/verifier-mutants.ts';

test('every mutant changes one place of the verifier', () => {
  for (const mutant of mutants) {
    const text = readFileSync(join(import.meta.dirname, '..', mutant.file), 'utf8');
    assert.notEqual(applyMutant(mutant, text), text, mutant.name);
  }
});
