/**
 * OCaml's opam (opam.ocaml.org, "The opam manual"): what a switch has installed, by the list that it keeps and by the description of
 * each package, and descriptions of packages in a project.
 */
import { AppError } from '../../../../core/index.ts';
import { textOf } from '../../components.ts';
import type { Given } from '../../components.ts';
import { createFileCataloger } from '../../file-cataloger.ts';
import type { Reading } from '../../file-cataloger.ts';
import { linksOf } from '../../values.ts';

const INSTALLED = /(?:^|\/)\.opam-switch\/packages\/([^/]+)\/opam$/;
const SWITCH = /(?:^|\/)\.opam-switch\/(?:switch-state|install)$/;

export const opamInstalled = createFileCataloger({
  id: 'opam-installed',
  evidence: 'installed-metadata',
  names: ['opam'],
  isChosen: (path) => INSTALLED.test(path),
  read: readPackage,
});

export const opamSwitch = createFileCataloger({
  id: 'opam-switch',
  evidence: 'installed-db',
  names: ['switch-state', 'install'],
  isChosen: (path) => SWITCH.test(path),
  read: readSwitch,
});

export const opamPackage = createFileCataloger({
  id: 'opam-package',
  evidence: 'manifest',
  names: ['*.opam'],
  read: readPackage,
});

/** `installed: ["name.1.0" …]`, or one entry a line. The name ends at the first dot. */
function readSwitch({ content, file, finds }: Reading): void {
  const text = textOf(content);
  const list = /^installed:\s*\[([^\]]*)(?:\]|(?![\s\S]))/m.exec(text)?.[1];
  const entries =
    list === undefined
      ? text.split(/\r?\n/).flatMap((line) => /^\s*([^\s#]+)/.exec(line)?.[1] ?? [])
      : list.split(/[\s"]+/).filter((entry) => entry !== '');
  for (const entry of entries) {
    const [, name, version] = /^([\w+-]+)\.([^\s"]+)$/.exec(entry) ?? [];
    if (name === undefined || version === undefined) {
      throw new AppError('invalid-input', `${file.path}: expected name.version, found "${entry.slice(0, 80)}"`);
    }
    finds.add(file, opamIdentity(name, version));
  }
}

function readPackage({ content, file, finds, link }: Reading): void {
  const fields = readFields(textOf(content));
  const [, folderName, folderVersion] = /^([^.]+)\.(.+)$/.exec(INSTALLED.exec(file.path)?.[1] ?? '') ?? [];
  const fileName = /([^/]+)\.opam$/.exec(file.path)?.[1];
  const name = literalsIn(fields.get('name'))[0] ?? folderName ?? fileName;
  const version = literalsIn(fields.get('version'))[0] ?? folderVersion;
  if (!fields.has('opam-version') || name === undefined) {
    throw new AppError('invalid-input', `${file.path}: expected the description of an opam package`);
  }
  // a project gets its version when it is published
  const isPublished = version !== undefined;
  const supplier = literalsIn(fields.get('maintainer')).join(', ');
  const component = finds.add(file, {
    ...(isPublished ? opamIdentity(name, version) : { name, version: '', kind: 'application' }),
    licences: literalsIn(fields.get('license')),
    ...linksOf(literalsIn(fields.get('homepage'))[0], literalsIn(fields.get('dev-repo'))[0]),
    ...(supplier === '' ? {} : { supplier }),
  });
  const within = INSTALLED.test(file.path) ? file.path.split('/').slice(0, -2).join('/') : file.path;
  // filters and constraints stand in braces
  const needs = literalsIn(fields.get('depends')?.replaceAll(/\{[^{}]*\}/g, ''));
  link({ component, within, name, needs });
}

/** Each pattern takes what it begins, closed or not, so that time grows with the length alone. Values by field: a text, a list in brackets, or what stands on the line. */
function readFields(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  const withoutLong = text.replaceAll(/"""[\s\S]*?"""/g, '""');
  for (const [, name = '', value = ''] of withoutLong.matchAll(
    /^([a-z][\w-]*):[ \t]*((?:\n[ \t]*)?\[[^\]]*(?:\]|(?![\s\S]))|.*)/gm,
  ))
    if (!fields.has(name)) fields.set(name, value);
  return fields;
}

function literalsIn(text: string | undefined): readonly string[] {
  return [...(text ?? '').matchAll(/"((?:[^"\\\n]|\\.)*)(?:"|$)/gm)].map(([, literal = '']) =>
    literal.replaceAll(/\\(.)/g, '$1'),
  );
}

function opamIdentity(name: string, version: string): Given {
  return { name, version, purl: { type: 'opam', name, version } };
}
