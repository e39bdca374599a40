/**
 * Rocks of LuaRocks by their rockspec (github.com/luarocks/luarocks, "Rockspec format"), which is a program in Lua. It is not run: of it
 * only assignments of texts, of names assigned before, of these joined, and of tables of such are understood.
 */
import { AppError } from '../../../../core/index.ts';
import { textOf } from '../../components.ts';
import { createFileCataloger } from '../../file-cataloger.ts';
import type { Reading } from '../../file-cataloger.ts';
import { linksOf } from '../../values.ts';
import { readAssignments } from './lua-assignments.ts';
import type { LuaValue } from './lua-assignments.ts';

/** `lib/luarocks/rocks-5.1/<name>/<version>/<name>-<version>.rockspec`. */
const INSTALLED = /(?:^|\/)rocks(?:-\d\.\d)?\/[^/]+\/[^/]+\/[^/]+\.rockspec$/;

export const luaInstalled = createFileCataloger({
  id: 'luarocks-installed',
  evidence: 'installed-metadata',
  names: ['*.rockspec'],
  isChosen: (path) => INSTALLED.test(path),
  maxBytes: 4 * 1024 * 1024,
  read,
});

export const luaRockspec = createFileCataloger({
  id: 'luarocks-rockspec',
  evidence: 'manifest',
  names: ['*.rockspec'],
  isChosen: (path) => !INSTALLED.test(path),
  maxBytes: 4 * 1024 * 1024,
  read,
});

function read({ content, file, finds, link }: Reading): void {
  const fields = readAssignments(textOf(content), file.path);
  const [name, version] = [fields.get('package'), fields.get('version')];
  if (typeof name !== 'string' || typeof version !== 'string') {
    throw new AppError('invalid-input', `${file.path}: expected package and version as texts`);
  }
  const description = fields.get('description');
  const [licence, supplier] = [textAt(description, 'license'), textAt(description, 'maintainer')];
  const component = finds.add(file, {
    name,
    version,
    purl: { type: 'luarocks', name, version },
    licences: licence === undefined || licence === '' ? [] : [licence],
    ...linksOf(textAt(description, 'homepage')),
    ...(supplier === undefined || supplier === '' ? {} : { supplier }),
  });
  const wanted = fields.get('dependencies');
  const needs = [...(wanted instanceof Map ? wanted.values() : [])].flatMap((need) =>
    typeof need === 'string' ? (/^[^\s<>=~]+/.exec(need)?.[0] ?? []) : [],
  );
  link({ component, within: file.path.split('/').slice(0, -3).join('/'), name, needs });
}

function textAt(value: LuaValue, key: string): string | undefined {
  const found = value instanceof Map ? value.get(key) : undefined;
  return typeof found === 'string' ? found : undefined;
}
