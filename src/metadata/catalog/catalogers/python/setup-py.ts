/** setup.py is a program that is never run: only texts in its list of requirements that pin one version are read. */
import { MAX_DATABASE_BYTES } from '../../cataloger.ts';
import type { Cataloger } from '../../cataloger.ts';
import { catalogFiles, textOf } from '../../components.ts';
import { addPins } from './pins.ts';

/** Programs of this kind seldom pass 100 KiB. */
const MAX_BYTES = Math.min(MAX_DATABASE_BYTES, 4 * 1024 * 1024);

export const setupPy: Cataloger = {
  id: 'setup-py',
  evidence: 'declared',
  names: ['setup.py'],
  select: () => ({ kind: 'keep', maxBytes: MAX_BYTES }),
  catalog: async (tree, files, context) =>
    await catalogFiles(
      files,
      { tree, context, finder: { foundBy: 'setup-py', evidence: 'manifest' } },
      (content, file, finds) =>
        addPins(finds, file, {
          name: '',
          version: '',
          runtime: requirementsOf(textOf(content)),
          optional: [],
          development: [],
        }),
    ),
};

function requirementsOf(program: string): readonly string[] {
  const start = /\binstall_requires\s*=\s*\[/.exec(program);
  if (start === null) return [];
  const found: string[] = [];
  // texts may hold brackets, comments may hold anything
  for (const token of program.slice(start.index + start[0].length).matchAll(/#[^\n]*|'([^'\n]*)'|"([^"\n]*)"|\]/g)) {
    if (token[0] === ']') break;
    found.push(token[1] ?? token[2] ?? '');
  }
  return found.map((text) => text.trim());
}
