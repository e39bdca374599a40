/**
 * Go modules of a source tree: go.mod with its replacements, go.sum for the checksums and, below Go 1.17, for the indirect ones that go.mod
 * did not list yet, and go.work for the modules that need each other as they lie there (Go modules reference, "Workspaces").
 */
import { AppError } from '../../../../core/index.ts';
import type { FileEntry, FileTree } from '../../../../core/index.ts';
import type { Component } from '../../../sbom/index.ts';
import { SKIP } from '../../cataloger.ts';
import type { Cataloger } from '../../cataloger.ts';
import { catalogFiles, refuseFlood, textOf, trying } from '../../components.ts';
import type { Finds } from '../../components.ts';
import { folderOf, joinPath } from '../../paths.ts';
import { goPurl } from './module.ts';

const GO_MOD = /(?:^|\/)go\.mod$/;
const GO_FILES = /(?:^|\/)go\.(?:mod|sum|work)$/;
/** The largest go.sum files have about 1 MiB. */
const MAX_BYTES = 32 * 1024 * 1024;

export const goMod: Cataloger = {
  id: 'go-mod',
  evidence: 'declared',
  names: ['go.mod', 'go.sum', 'go.work'],
  select: ({ path }) =>
    GO_FILES.test(path) && !/(?:^|\/)(?:vendor|testdata)\//.test(path) ? { kind: 'keep', maxBytes: MAX_BYTES } : SKIP,
  catalog: async (tree, files, context) => {
    const finder = { foundBy: 'go-mod', evidence: 'manifest' } as const;
    const paths = new Set(files.map(({ path }) => path));
    // beside go.mod, go.sum is read with it
    const isAlone = (path: string) => path.endsWith('.sum') && !paths.has(path.replace(/sum$/, 'mod'));
    const workspaces = new Map<string, Workspace>();
    const works = await catalogFiles(
      files.filter(({ path }) => path.endsWith('.work')),
      { tree, context, finder },
      async (content, file) => await readWorkspace(textOf(content), { tree, path: file.path, workspaces }),
    );
    const read = files.filter(({ path }) => GO_MOD.test(path) || isAlone(path));
    const found = await catalogFiles(read, { tree, context, finder }, async (content, file, finds) => {
      const text = textOf(content);
      if (!GO_MOD.test(file.path)) addSumAlone(text, file, finds);
      else {
        const workspace = workspaces.get(file.path) ?? ALONE;
        addModules(parseGoMod(text, file.path), { ...(await readSums(tree, file)), workspace }, finds);
      }
    });
    return { ...found, skipped: [...works.skipped, ...found.skipped] };
  },
};

/** What counts for each module of it. */
interface Workspace {
  /** Folders of its modules, by their paths. */
  readonly modules: ReadonlyMap<string, string>;
  readonly replaced: GoMod['replaced'];
}

const ALONE: Workspace = { modules: new Map(), replaced: new Map() };

/** Of each go.mod that the go.work uses. One that is damaged is told of where it is read. */
async function readWorkspace(
  text: string,
  {
    tree,
    path,
    workspaces,
  }: { readonly tree: FileTree; readonly path: string; readonly workspaces: Map<string, Workspace> },
): Promise<void> {
  const { used, replaced } = parseGoMod(text, path);
  const modules = new Map<string, string>();
  for (const place of used) {
    const folder = joinPath(folderOf(path), place);
    const file = folder === '' ? 'go.mod' : `${folder}/go.mod`;
    const content = folder === undefined || workspaces.has(file) ? undefined : await tree.read(file);
    if (folder === undefined || content === undefined) continue;
    await trying(file, [], () => void modules.set(parseGoMod(textOf(content), file).name, folder));
    workspaces.set(file, { modules, replaced });
  }
}

interface Sources {
  readonly workspace: Workspace;
  readonly file: FileEntry;
  readonly sumFile: FileEntry;
  readonly sums: ReadonlyMap<string, string>;
}

async function readSums(tree: FileTree, file: FileEntry): Promise<Omit<Sources, 'workspace'>> {
  const sumFile = tree.find(file.path.replace(/mod$/, 'sum'));
  const content = sumFile && (await tree.read(sumFile.path));
  if (sumFile === undefined || content === undefined) return { file, sumFile: file, sums: new Map() };
  refuseFlood(content, sumFile.path);
  return { file, sumFile, sums: parseSums(textOf(content)) };
}

/** Without go.mod, go.sum names every module that was looked at, the latest version of each last. */
function addSumAlone(text: string, file: FileEntry, finds: Finds): void {
  const latest = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [path, version, sum] = line.trim().split(/\s+/);
    if (path !== undefined && version !== undefined && sum?.startsWith('h1:') === true) {
      latest.set(path, version.replace(/\/go\.mod$/, ''));
    }
  }
  for (const [path, version] of latest) addModule({ path, version }, file, finds);
}

interface Module {
  readonly path: string;
  readonly version: string;
  /** Needed by what is needed, as the comment behind it says. */
  readonly isIndirect?: boolean;
}

interface GoMod {
  /** Its own path; empty where it has none. */
  readonly name: string;
  readonly goVersion: string | undefined;
  readonly toolchain: string | undefined;
  readonly required: readonly Module[];
  /** `path version` */
  readonly excluded: ReadonlySet<string>;
  /** By `path version`, or the path alone where it is all of its versions. */
  readonly replaced: ReadonlyMap<string, Module>;
  /** Of go.work: folders of modules, as from its own. */
  readonly used: readonly string[];
}

function parseGoMod(text: string, what: string): GoMod {
  const required: Module[] = [];
  const replaced = new Map<string, Module>();
  const excluded = new Set<string>();
  const used: string[] = [];
  const single = new Map<string, string>();
  let block: string | undefined;
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.replace(/\/\/.*$/, '').trim();
    if (line === '') continue;
    if (line === ')') {
      block = undefined;
      continue;
    }
    const opening = /^(\w+)\s*\($/.exec(line)?.[1];
    if (opening !== undefined) {
      block = opening;
      continue;
    }
    const words = line.split(/\s+/).map((word) => word.replaceAll(/^["`]|["`]$/g, ''));
    const [verb = '', ...rest] = block === undefined ? words : [block, ...words];
    if (verb === 'require') required.push({ ...readModule(rest, what), isIndirect: /\/\/\s*indirect\b/.test(raw) });
    else if (verb === 'replace') replaced.set(...readReplacement(rest, what));
    else if (verb === 'use') used.push(rest[0] ?? '');
    else if (verb === 'exclude') excluded.add(rest.slice(0, 2).join(' '));
    else if (!KNOWN_VERBS.has(verb)) throw new AppError('invalid-input', `${what}: unknown directive "${verb}"`);
    else single.set(verb, rest[0] ?? '');
  }
  const [name = '', goVersion, toolchain] = ['module', 'go', 'toolchain'].map((verb) => single.get(verb));
  return { name, goVersion, toolchain, required, excluded, replaced, used };
}

const KNOWN_VERBS: ReadonlySet<string> = new Set(['module', 'go', 'toolchain', 'retract', 'godebug', 'tool', 'ignore']);

function readModule(words: readonly string[], what: string): Module {
  const [path, version] = words;
  if (path === undefined || version === undefined) {
    throw new AppError('invalid-input', `${what}: expected "require path version", found "${words.join(' ')}"`);
  }
  return { path, version };
}

function readReplacement(words: readonly string[], what: string): readonly [from: string, to: Module] {
  const arrow = words.indexOf('=>');
  const from = words.slice(0, arrow);
  const [toPath, toVersion] = words.slice(arrow + 1);
  if (arrow < 1 || toPath === undefined) {
    throw new AppError('invalid-input', `${what}: expected "replace old => new", found "${words.join(' ')}"`);
  }
  return [from.slice(0, 2).join(' '), { path: toPath, version: toVersion ?? '' }];
}

function addModules(mod: GoMod, { sums, file, sumFile, workspace }: Sources, finds: Finds): void {
  const modules = new Map<string, Module>();
  for (const module of mod.required) {
    if (workspace.modules.has(module.path) || mod.excluded.has(`${module.path} ${module.version}`)) continue;
    const real = replace(module, [workspace, mod]);
    modules.set(`${real.path} ${real.version}`, real);
  }
  const known = new Set([...modules.values()].map(({ path }) => path));
  const indirect = [...(listsAll(mod.goVersion) ? [] : sums.keys())].flatMap((key) => {
    const [path = '', version = ''] = key.split(' ');
    return known.has(path) || workspace.modules.has(path) ? [] : [{ path, version }];
  });
  const toolchain =
    (mod.toolchain === undefined ? mod.goVersion : mod.toolchain.replace(/^go/, '').split('-', 1)[0]) ?? '';
  const stdlib = toolchain === '' ? [] : [{ path: 'stdlib', version: toolchain }];
  const sumOf = ({ path, version }: Module) => sums.get(`${path} ${version}`);
  const needed = [
    ...[...modules.values(), ...stdlib].map((module) => addModule(module, file, finds, sumOf(module))),
    ...indirect.map((module) => addModule(module, sumFile, finds, sumOf(module))),
  ];
  const own = mod.name === '' ? undefined : addOwn(mod.name, folderOf(file.path).slice(0, -1), { file, finds });
  const local = mod.required.flatMap(({ path }) => {
    const folder = workspace.modules.get(path);
    return folder === undefined ? [] : [addOwn(path, folder, { file, finds })];
  });
  finds.depend(own, [...needed, ...local]);
}

/** A module of the tree itself, whose version its repository knows: an application without a package URL. */
function addOwn(
  name: string,
  folder: string,
  { file, finds }: { readonly file: FileEntry; readonly finds: Finds },
): Component | undefined {
  return finds.add(file, { name, version: '', kind: 'application', folder });
}

/** From Go 1.17 on, go.mod lists every module that is needed. */
function listsAll(goVersion: string | undefined): boolean {
  const minor = /^1\.(\d+)/.exec(goVersion ?? '')?.[1];
  return minor === undefined ? goVersion !== undefined : Number(minor) >= 17;
}

/**
 * By go.work before go.mod, even if that names the version. A folder as replacement keeps the module's own name and loses the version: its
 * content is whatever lies there.
 */
function replace(module: Module, by: readonly Pick<GoMod, 'replaced'>[]): Module {
  const [to] = by.flatMap(
    ({ replaced }) => replaced.get(`${module.path} ${module.version}`) ?? replaced.get(module.path) ?? [],
  );
  if (to === undefined) return module;
  return to.version === '' ? { ...module, version: '' } : { ...module, ...to };
}

function addModule(module: Module, file: FileEntry, finds: Finds, sum?: string): Component | undefined {
  return finds.add(file, {
    name: module.path,
    version: module.version,
    purl: goPurl(module.path, module.version),
    properties: {
      ...(module.isIndirect === true ? { 'go:indirect': 'true' } : {}),
      ...(sum === undefined ? {} : { 'go:sum': sum }),
    },
  });
}

/** `path version h1:...`; lines of `/go.mod` are about the file alone. */
function parseSums(text: string): ReadonlyMap<string, string> {
  const sums = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [path, version, sum] = line.trim().split(/\s+/);
    if (path !== undefined && version !== undefined && sum !== undefined && !version.endsWith('/go.mod')) {
      sums.set(`${path} ${version}`, sum);
    }
  }
  return sums;
}
