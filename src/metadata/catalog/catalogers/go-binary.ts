/** Go programs: the main module, all modules linked in and the standard library, from the executable's own build information. */
import { isRecord, parseJson } from '../../../core/index.ts';
import type { FileEntry, FileTree, SkippedFile } from '../../../core/index.ts';
import type { Component, Dependency } from '../../sbom/index.ts';
import { SKIP } from '../cataloger.ts';
import type { Catalog, Cataloger } from '../cataloger.ts';
import { createComponent, locationOf, trying } from '../components.ts';
import { isExecutable } from '../executables.ts';
import { findGoBuildInfo } from '../go-buildinfo.ts';
import type { GoBuildInfo } from '../go-buildinfo.ts';

/** Go programs of 100 to 200 MiB are common in this field; larger ones are said to be skipped. */
const MAX_BYTES = 512 * 1024 * 1024;
/** No Go program is smaller. */
const MIN_BYTES = 64 * 1024;

export const goBinary: Cataloger = {
  id: 'go-binary',
  evidence: 'installed',
  select: ({ path, mode, size }) => {
    const couldRun = (mode & 0o111) !== 0 || path.endsWith('.exe');
    if (!couldRun || size < MIN_BYTES || /\.so(?:\.\d+)*$/.test(path)) return SKIP;
    return { kind: 'condense', maxBytes: MAX_BYTES, accepts: isExecutable, condense };
  },
  catalog,
};

function condense(content: Uint8Array): Uint8Array | undefined {
  const found = findGoBuildInfo(content);
  return found === undefined ? undefined : Buffer.from(JSON.stringify(found));
}

async function catalog(tree: FileTree, files: readonly FileEntry[]): Promise<Catalog> {
  const skipped: SkippedFile[] = [];
  const components: Component[] = [];
  const dependencies: Dependency[] = [];
  for (const file of files) {
    await trying(file.path, skipped, async () => {
      const bytes = await tree.read(file.path);
      const info = bytes === undefined ? undefined : readCondensed(bytes, file.path);
      if (info === undefined) return;
      const program = toComponents(info, file);
      components.push(...program.all);
      if (program.main !== undefined) dependencies.push({ from: program.main.id, to: program.all.map(({ id }) => id) });
    });
  }
  return { components, dependencies, skipped };
}

function readCondensed(bytes: Uint8Array, path: string): GoBuildInfo | undefined {
  const value = parseJson(bytes, { what: `build information of ${path}` });
  if (!isRecord(value) || typeof value.goVersion !== 'string' || typeof value.modules !== 'string') return undefined;
  return { goVersion: value.goVersion, modules: value.modules };
}

interface Module {
  readonly path: string;
  readonly version: string;
  readonly sum: string | undefined;
}

function toComponents(
  info: GoBuildInfo,
  file: FileEntry,
): { readonly main: Component | undefined; readonly all: readonly Component[] } {
  const { main, modules, settings } = parseModules(info.modules);
  const create = (module: Module) => toComponent(module, file);
  const root = main === undefined ? undefined : { ...create(nameMain(main, settings)), kind: 'application' as const };
  const goVersion = /^go(\d\S*)/.exec(info.goVersion)?.[1];
  const stdlib = goVersion === undefined ? [] : [create({ path: 'stdlib', version: goVersion, sum: undefined })];
  return { main: root, all: [...(root === undefined ? [] : [root]), ...modules.map(create), ...stdlib] };
}

function toComponent(module: Module, file: FileEntry): Component {
  const slash = module.path.lastIndexOf('/');
  return createComponent({
    name: module.path,
    version: module.version,
    foundBy: 'go-binary',
    purl: {
      type: 'golang',
      namespace: slash < 0 ? undefined : module.path.slice(0, slash),
      name: module.path.slice(slash + 1),
      version: module.version,
    },
    locations: [locationOf(file)],
    properties: module.sum === undefined ? {} : { 'go:sum': module.sum },
    ...(file.layer === undefined ? {} : { introducedBy: file.layer }),
  });
}

function parseModules(text: string): {
  readonly main: Module | undefined;
  readonly modules: readonly Module[];
  readonly settings: ReadonlyMap<string, string>;
} {
  const modules: Module[] = [];
  const settings = new Map<string, string>();
  let main: Module | undefined;
  for (const line of text.split('\n')) {
    const [word, path = '', version = '', sum] = line.split('\t');
    const module: Module = { path, version, sum: sum === '' ? undefined : sum };
    if (word === 'mod' && path !== '') main = module;
    else if (word === 'dep' && path !== '') modules.push(module);
    // `=>` replaces the line above; without a version it is a folder, whose content the first name describes best.
    else if (word === '=>' && !isFolder(path, version) && modules.length > 0) modules[modules.length - 1] = module;
    else if (word === 'build')
      settings.set(path.slice(0, path.indexOf('=')), unquote(path.slice(path.indexOf('=') + 1)));
  }
  return { main, modules, settings };
}

function isFolder(path: string, version: string): boolean {
  return version === '' || version === '(devel)' || /^\.{0,2}\//.test(path);
}

/** Values with special characters are Go-quoted, which for the settings read here is JSON's form. */
function unquote(text: string): string {
  return /^"(?:[^"\\]|\\.)*"$/.test(text) ? text.slice(1, -1).replaceAll(/\\(.)/g, '$1') : text;
}

/** `(devel)` says nothing: a version set by the linker, else the pseudo-version of the commit. */
function nameMain(main: Module, settings: ReadonlyMap<string, string>): Module {
  if (main.version !== '' && main.version !== '(devel)') return main;
  const linked = linkedVersion(settings.get('-ldflags') ?? '', main.path);
  const revision = settings.get('vcs.revision') ?? '';
  const time = (settings.get('vcs.time') ?? '').replaceAll(/[-:TZ]/g, '').slice(0, 14);
  const pseudo =
    /^[0-9a-f]{12}/.test(revision) && time.length === 14 ? `v0.0.0-${time}-${revision.slice(0, 12)}` : undefined;
  return { ...main, version: linked ?? pseudo ?? '(devel)' };
}

/** `-X main.version=1.2.3`, or the same of a package of the main module. */
function linkedVersion(flags: string, modulePath: string): string | undefined {
  for (const match of flags.matchAll(/-X[ =]['"]?([^\s'"=]+)=([^\s'"]+)/g)) {
    const [, variable = '', value = ''] = match;
    const isOurs = variable.startsWith('main.') || variable.startsWith(modulePath);
    if (isOurs && /(?:^|\.)(?:git)?version$/i.test(variable) && /^v?\d+\.\d+/.test(value)) {
      return value.startsWith('v') ? value : `v${value}`;
    }
  }
  return undefined;
}
