/**
 * Go modules of a source tree: go.mod with its replacements, and go.sum for the checksums and, below Go 1.17, for the indirect ones
 * that go.mod did not list yet.
 */
import { AppError } from '../../../../core/index.ts';
import type { FileEntry, FileTree, SkippedFile } from '../../../../core/index.ts';
import type { Component } from '../../../sbom/index.ts';
import { SKIP } from '../../cataloger.ts';
import type { Catalog, Cataloger } from '../../cataloger.ts';
import { createComponent, locationOf, refuseFlood, textOf, trying } from '../../components.ts';
import { goPurl } from './module.ts';

const GO_MOD = /(?:^|\/)go\.mod$/;
const GO_FILES = /(?:^|\/)go\.(?:mod|sum)$/;
/** The largest go.sum files have about 1 MiB. */
const MAX_BYTES = 32 * 1024 * 1024;

export const goMod: Cataloger = {
  id: 'go-mod',
  evidence: 'declared',
  names: ['go.mod', 'go.sum'],
  select: ({ path }) =>
    GO_FILES.test(path) && !/(?:^|\/)(?:vendor|testdata)\//.test(path) ? { kind: 'keep', maxBytes: MAX_BYTES } : SKIP,
  catalog,
};

async function catalog(tree: FileTree, files: readonly FileEntry[]): Promise<Catalog> {
  const skipped: SkippedFile[] = [];
  const components: Component[] = [];
  const paths = new Set(files.map(({ path }) => path));
  for (const file of files) {
    if (!GO_MOD.test(file.path)) {
      if (paths.has(file.path.replace(/sum$/, 'mod'))) continue;
      await trying(file.path, skipped, async () => void components.push(...(await readSumAlone(tree, file))));
      continue;
    }
    await trying(file.path, skipped, async () => {
      const text = await readBounded(tree, file.path);
      if (text === undefined) return;
      const sumFile = tree.find(file.path.replace(/mod$/, 'sum'));
      const sums = parseSums((sumFile && (await readBounded(tree, sumFile.path))) ?? '');
      components.push(...toComponents(parseGoMod(text, file.path), { sums, file, sumFile: sumFile ?? file }));
    });
  }
  return { components, dependencies: [], skipped };
}

async function readBounded(tree: FileTree, path: string): Promise<string | undefined> {
  const content = await tree.read(path);
  if (content !== undefined) refuseFlood(content, path);
  return content === undefined ? undefined : textOf(content);
}

/** Without go.mod, go.sum names every module that was looked at, the latest version of each last. */
async function readSumAlone(tree: FileTree, file: FileEntry): Promise<readonly Component[]> {
  const latest = new Map<string, string>();
  for (const line of ((await readBounded(tree, file.path)) ?? '').split(/\r?\n/)) {
    const [path, version, sum] = line.trim().split(/\s+/);
    if (path !== undefined && version !== undefined && sum?.startsWith('h1:') === true) {
      latest.set(path, version.replace(/\/go\.mod$/, ''));
    }
  }
  return [...latest].map(([path, version]) => toComponent({ path, version }, { sums: new Map(), file }));
}

interface Module {
  readonly path: string;
  readonly version: string;
  /** Needed by what is needed, as the comment behind it says. */
  readonly isIndirect?: boolean;
}

interface GoMod {
  readonly goVersion: string | undefined;
  readonly toolchain: string | undefined;
  readonly required: readonly Module[];
  /** `path version` */
  readonly excluded: ReadonlySet<string>;
  readonly replaced: readonly { readonly from: Partial<Module> & { readonly path: string }; readonly to: Module }[];
}

function parseGoMod(text: string, what: string): GoMod {
  const required: Module[] = [];
  const replaced: GoMod['replaced'][number][] = [];
  const excluded = new Set<string>();
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
    else if (verb === 'replace') replaced.push(readReplacement(rest, what));
    else if (verb === 'exclude') excluded.add(rest.slice(0, 2).join(' '));
    else if (!KNOWN_VERBS.has(verb)) throw new AppError('invalid-input', `${what}: unknown directive "${verb}"`);
    else single.set(verb, rest[0] ?? '');
  }
  return { goVersion: single.get('go'), toolchain: single.get('toolchain'), required, excluded, replaced };
}

const KNOWN_VERBS: ReadonlySet<string> = new Set(['module', 'go', 'toolchain', 'retract', 'godebug', 'tool', 'ignore']);

function readModule(words: readonly string[], what: string): Module {
  const [path, version] = words;
  if (path === undefined || version === undefined) {
    throw new AppError('invalid-input', `${what}: expected "require path version", found "${words.join(' ')}"`);
  }
  return { path, version };
}

function readReplacement(words: readonly string[], what: string): GoMod['replaced'][number] {
  const arrow = words.indexOf('=>');
  const [path, version] = words.slice(0, arrow);
  const [toPath, toVersion] = words.slice(arrow + 1);
  if (arrow < 0 || path === undefined || toPath === undefined) {
    throw new AppError('invalid-input', `${what}: expected "replace old => new", found "${words.join(' ')}"`);
  }
  return {
    from: { path, ...(version === undefined ? {} : { version }) },
    to: { path: toPath, version: toVersion ?? '' },
  };
}

interface Sources {
  readonly sums: ReadonlyMap<string, string>;
  readonly file: FileEntry;
}

function toComponents(
  mod: GoMod,
  { sums, file, sumFile }: Sources & { readonly sumFile: FileEntry },
): readonly Component[] {
  const modules = new Map<string, Module>();
  for (const module of mod.required) {
    if (mod.excluded.has(`${module.path} ${module.version}`)) continue;
    const real = replace(module, mod);
    modules.set(`${real.path} ${real.version}`, real);
  }
  const known = new Set([...modules.values()].map(({ path }) => path));
  const indirect = [...(listsAll(mod.goVersion) ? [] : sums.keys())].flatMap((key) => {
    const [path = '', version = ''] = key.split(' ');
    return known.has(path) ? [] : [{ path, version }];
  });
  const toolchain =
    (mod.toolchain === undefined ? mod.goVersion : mod.toolchain.replace(/^go/, '').split('-', 1)[0]) ?? '';
  const stdlib = toolchain === '' ? [] : [{ path: 'stdlib', version: toolchain }];
  return [
    ...[...modules.values(), ...stdlib].map((module) => toComponent(module, { sums, file })),
    ...indirect.map((module) => toComponent(module, { sums, file: sumFile })),
  ];
}

/** From Go 1.17 on, go.mod lists every module that is needed. */
function listsAll(goVersion: string | undefined): boolean {
  const minor = /^1\.(\d+)/.exec(goVersion ?? '')?.[1];
  return minor === undefined ? goVersion !== undefined : Number(minor) >= 17;
}

/** A folder as replacement keeps the module's own name and loses the version: its content is whatever lies there. */
function replace(module: Module, mod: GoMod): Module {
  const rule = mod.replaced.find(
    ({ from }) => from.path === module.path && (from.version === undefined || from.version === module.version),
  );
  if (rule === undefined) return module;
  return rule.to.version === '' ? { ...module, version: '' } : { ...module, ...rule.to };
}

function toComponent(module: Module, { sums, file }: Sources): Component {
  const sum = sums.get(`${module.path} ${module.version}`);
  return createComponent({
    name: module.path,
    version: module.version,
    foundBy: 'go-mod',
    evidence: 'manifest',
    purl: goPurl(module.path, module.version),
    locations: [locationOf(file)],
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
