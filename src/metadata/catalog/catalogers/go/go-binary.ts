/** Go programs: the main module, all modules linked in and the standard library, from the executable's own build information. */
import { isRecord } from '../../../../core/index.ts';
import type { FileEntry } from '../../../../core/index.ts';
import { SKIP } from '../../cataloger.ts';
import type { Cataloger } from '../../cataloger.ts';
import { catalogFiles } from '../../components.ts';
import type { Finds, Given } from '../../components.ts';
import { EXECUTABLE, mayRun, readFacts } from '../../executable/executable.ts';
import type { GoBuildInfo } from '../../executable/go-buildinfo.ts';
import { goPurl } from './module.ts';

/** No Go program is smaller. */
const MIN_BYTES = 64 * 1024;

export const goBinary: Cataloger = {
  id: 'go-binary',
  evidence: 'installed',
  names: ['+x'],
  select: (file) => (mayRun(file) && file.size >= MIN_BYTES && !/\.so(?:\.\d+)*$/.test(file.path) ? EXECUTABLE : SKIP),
  catalog: async (tree, files, context) =>
    await catalogFiles(files, { tree, context, finder: { foundBy: 'go-binary', evidence: 'binary' } }, read),
};

function read(condensed: Uint8Array, file: FileEntry, finds: Finds): void {
  const info = readFacts(condensed, file.path, 'go');
  if (!isRecord(info) || typeof info.goVersion !== 'string' || typeof info.modules !== 'string') return;
  addModules({ goVersion: info.goVersion, modules: info.modules }, file, finds);
}

interface Module {
  readonly path: string;
  readonly version: string;
  readonly sum: string | undefined;
}

function addModules(info: GoBuildInfo, file: FileEntry, finds: Finds): void {
  const { main, modules, settings } = parseModules(info.modules);
  const goVersion = /^go(\d\S*)/.exec(info.goVersion)?.[1];
  const stdlib = goVersion === undefined ? [] : [{ path: 'stdlib', version: goVersion, sum: undefined }];
  const root =
    main === undefined ? undefined : finds.add(file, { ...toComponent(nameMain(main, settings)), kind: 'application' });
  const linked = [...modules, ...stdlib].map((module) => finds.add(file, toComponent(module)));
  finds.depend(root, linked);
}

function toComponent(module: Module): Given {
  return {
    name: module.path,
    version: module.version,
    purl: goPurl(module.path, module.version),
    properties: module.sum === undefined ? {} : { 'go:sum': module.sum },
  };
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
    const last = modules.at(-1);
    if (word === 'mod' && path !== '') main = module;
    else if (word === 'dep' && path !== '') modules.push(version === '(devel)' ? { ...module, version: '' } : module);
    // `=>` replaces the line above; a folder keeps that one's name, and nobody knows its version
    else if (word === '=>' && last !== undefined)
      modules[modules.length - 1] = isFolder(path, version) ? { ...last, version: '' } : module;
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
