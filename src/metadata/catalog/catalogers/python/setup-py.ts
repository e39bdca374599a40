/** setup.py is a program that is never run: only texts in its list of requirements that pin one version are read. */
import { createFileCataloger } from '../../file-cataloger.ts';
import { textOf } from '../../components.ts';
import { addPins } from './pins.ts';

export const setupPy = createFileCataloger({
  id: 'setup-py',
  evidence: 'manifest',
  names: ['setup.py'],
  isChosen: () => true,
  read: ({ content, file, finds }) =>
    addPins(finds, file, {
      name: '',
      version: '',
      runtime: requirementsOf(textOf(content)),
      optional: [],
      development: [],
    }),
});

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
