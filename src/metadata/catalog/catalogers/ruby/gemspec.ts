/**
 * Specifications of gems. RubyGems writes them below `specifications/` for what is installed, with nothing in them to be run; those of
 * projects are programs, of which only assignments of literals and of a constant in the same file or a `version.rb` are understood.
 */
import { AppError } from '../../../../core/index.ts';
import type { FileTree } from '../../../../core/index.ts';
import { readText, textOf } from '../../components.ts';
import type { Given } from '../../components.ts';
import { createFileCataloger } from '../../file-cataloger.ts';
import type { Reading } from '../../file-cataloger.ts';
import { folderOf, isFixture } from '../../paths.ts';
import { linksOf } from '../../values.ts';

const INSTALLED = /(?:^|\/)specifications\/(?:.*\/)?[^/]+\.gemspec$/;
const SPECIFICATION = /\.gemspec$/;
/** What comes with Ruby itself, whichever folder of gems it is told of. */
const DEFAULT = /(?:^|\/)specifications\/default\//;
/** Specifications seldom pass 100 KiB. */
const MAX_BYTES = 4 * 1024 * 1024;

export const gemInstalled = createFileCataloger({
  id: 'gem-installed',
  evidence: 'installed-metadata',
  names: ['*.gemspec'],
  isChosen: (path) => INSTALLED.test(path) && !isFixture(path),
  maxBytes: MAX_BYTES,
  read,
});

export const gemProject = createFileCataloger({
  id: 'gem-project',
  evidence: 'manifest',
  names: ['*.gemspec', '*.rb'],
  isChosen: (path) => (SPECIFICATION.test(path) ? !INSTALLED.test(path) : /(?:^|\/)version\.rb$/.test(path)),
  isRead: (path) => SPECIFICATION.test(path),
  maxBytes: MAX_BYTES,
  read,
});

async function read({ content, file, finds, tree, link }: Reading): Promise<void> {
  const text = textOf(content);
  const variable = /Gem::Specification\.new\b[^\n|]{0,80}\|[ \t]{0,8}(\w{1,64})[ \t]{0,8}\|/.exec(text)?.[1];
  if (variable === undefined) {
    if (text.trim() !== '') finds.skip(file, 'expected a gem specification, found none');
    return;
  }
  const fields = readFields(text, variable);
  const [name, version] = [
    firstLiteral(fields.get('name')),
    await findVersion(fields.get('version'), { text, path: file.path, tree }),
  ];
  if (name === undefined || name === '' || version === undefined) {
    throw new AppError('invalid-input', `${file.path}: expected a literal name and version`);
  }
  const component = finds.add(file, {
    ...gemIdentity(name, version, firstLiteral(fields.get('platform'))),
    ...factsOf(fields, file.path),
  });
  const wanted = text.matchAll(new RegExp(`\\b${variable}\\.add_(?:runtime_)?dependency\\(?\\s*(${LITERAL})`, 'gm'));
  const needs = [...wanted].flatMap(([, literal = '']) => firstLiteral(literal) ?? []);
  const within = file.path.slice(0, file.path.lastIndexOf('specifications/'));
  link({ component, within, isShared: DEFAULT.test(file.path), name, needs });
}

/** Quoted, or `%q<text>`. A quote is taken to the end of the line where it is not closed, so that none after it is tried. */
const LITERAL = String.raw`"(?:[^"\\\n]|\\.)*(?:"|$)|'(?:[^'\\\n]|\\.)*(?:'|$)|%q<[^>\n]{0,200}>`;

/** What is assigned, by field, up to the end of the line. The first assignment of a field counts: later ones depend on something. */
function readFields(text: string, variable: string): ReadonlyMap<string, string> {
  const assignments = text.matchAll(new RegExp(`^[ \\t]*${variable}\\.(\\w+)[ \\t]*=[ \\t]*(.*)$`, 'gm'));
  const fields = new Map<string, string>();
  for (const [, field = '', value = ''] of assignments) if (!fields.has(field)) fields.set(field, value);
  return fields;
}

function literals(text: string): readonly string[] {
  return [...text.matchAll(new RegExp(LITERAL, 'gm'))].map(([literal]) =>
    (literal.startsWith('%q') ? literal.slice(3, -1) : literal.slice(1, -1)).replaceAll(
      /\\(?:u([0-9A-Fa-f]{4})|(.))/g,
      (_, code: string | undefined, char: string) =>
        code === undefined ? char : String.fromCharCode(parseInt(code, 16)),
    ),
  );
}

function firstLiteral(text: string | undefined): string | undefined {
  return text === undefined ? undefined : literals(text)[0];
}

/** Specifications load one or two files. */
const MAX_REQUIRED = 20;

interface Place {
  readonly text: string;
  readonly path: string;
  readonly tree: FileTree;
}

/** A literal, `Gem::Version.new` of one, or a constant. */
async function findVersion(value: string | undefined, { text, path, tree }: Place): Promise<string | undefined> {
  if (value === undefined) return undefined;
  const literal = new RegExp(`^(?:Gem::Version\\.new\\(\\s*)?(${LITERAL})`).exec(value)?.[1];
  if (literal !== undefined) return firstLiteral(literal);
  const constant = /^(?:[A-Z]\w*::)*([A-Z][A-Z\d_]{0,63})\b/.exec(value)?.[1];
  if (constant === undefined) return undefined;
  const assigned = new RegExp(`^[ \\t]*${constant}[ \\t]*=[ \\t]*(${LITERAL})`, 'm');
  const required = [...text.matchAll(/["'](?:\.{0,2}\/){0,8}([\w./-]{0,200}version)(?:\.rb)?["']/g)];
  const places = required.slice(0, MAX_REQUIRED).flatMap(([, one = '']) => [`${one}.rb`, `lib/${one}.rb`]);
  const texts = await Promise.all(places.map((one) => readText(tree, `${folderOf(path)}${one}`)));
  for (const source of [text, ...texts]) {
    const found = firstLiteral(assigned.exec(source ?? '')?.[1]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function gemIdentity(name: string, version: string, platform: string | undefined): Given {
  const qualifiers = { platform: platform === 'ruby' ? undefined : platform };
  return { name, version, purl: { type: 'gem', name, version, qualifiers } };
}

function factsOf(fields: ReadonlyMap<string, string>, path: string): Partial<Given> {
  const metadata = literals(fields.get('metadata') ?? '');
  const source = metadata[metadata.indexOf('source_code_uri') + 1];
  const supplier = literals(fields.get('authors') ?? fields.get('author') ?? '').join(', ');
  return {
    licences: literals(fields.get('licenses') ?? fields.get('license') ?? '').filter((licence) => licence !== ''),
    ...linksOf(firstLiteral(fields.get('homepage')), source),
    ...(supplier === '' ? {} : { supplier }),
    ...(DEFAULT.test(path) ? { properties: { 'gem:default': 'true' } } : {}),
  };
}
