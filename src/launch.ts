/**
 * What the bundle begins with. The program lies in packs of chunks, each of them a function that runs when it is first needed, so that a
 * command costs what it uses. What V8 made of a pack in a command's first run is kept among the caches: its next run compiles nothing.
 */
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { constants, Script } from 'node:vm';

type Chunk = (
  require: typeof load & { later: typeof loadLater },
  module: { exports: unknown },
  exports: unknown,
) => void;
type Pack = Readonly<Record<string, Chunk>>;

/** Set when the bundle is made: a digest of the packs, whose files are the keys here, with the names of their chunks. */
declare const BUILD: string;
declare const PACKS: Readonly<Record<string, readonly string[]>>;

const FIRST_CHUNK = './program.js';
/** A command's word, not what a user mistyped or hid there. */
const WORD = /^[a-z][a-z-]{0,40}$/;

const packOf = new Map(Object.entries(PACKS).flatMap(([pack, names]) => names.map((name) => [name, pack] as const)));
const packs = new Map<string, Pack>();
const modules = new Map<string, { exports: unknown }>();

function load(name: string): unknown {
  const known = modules.get(name);
  if (known !== undefined) return known.exports;
  const pack = packOf.get(name);
  if (pack === undefined) return require(name);
  const module = { exports: {} };
  modules.set(name, module);
  (packs.get(pack) ?? openPack(pack))[name]?.(loader, module, module.exports);
  return module.exports;
}

/** As import() does it: what is of the older kind of module, which has but one export in the bundle, has the names in it, too. */
async function loadLater(name: string): Promise<unknown> {
  const exports = load(name) as Readonly<Record<string, unknown>>;
  const [only, ...others] = Object.keys(exports);
  const inner: unknown = exports.default;
  const isOld = only === 'default' && others.length === 0 && typeof inner === 'object' && inner !== null;
  return isOld ? { ...inner, default: inner } : exports;
}

const loader = Object.assign(load, { later: loadLater });

function openPack(name: string): Pack {
  const file = join(__dirname, name);
  const cache = cacheFile(name);
  const cachedData = cache === undefined ? undefined : readOwn(cache);
  const script = new Script(readFileSync(file, 'latin1'), {
    filename: file,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  if (cache !== undefined && script.cachedDataRejected !== false) {
    process.once('exit', (code) => {
      if (code === 0 && !isToldToEnd()) keep(cache, () => script.createCachedData());
    });
  }
  const pack = (script.runInThisContext() as (folder: string, file: string) => Pack)(__dirname, __filename);
  packs.set(name, pack);
  return pack;
}

/** Undefined where nothing is to be kept. V8 looks at its own version, its flags and the length of the text: all else is in the name. */
function cacheFile(pack: string): string | undefined {
  const word = process.argv[2] ?? '';
  if (!WORD.test(word)) return undefined;
  const { PLIMSOLL_CACHE_DIR: own, XDG_CACHE_HOME: common } = process.env;
  const folder = own ?? join(common ?? join(homedir(), '.cache'), 'plimsoll');
  // code of the folder that one happens to work in is not run
  if (!isAbsolute(folder)) return undefined;
  return join(folder, 'code', `${BUILD}-${process.version}-${process.arch}`, `${word}.${pack}`);
}

/** What somebody else could have written is not run. */
function readOwn(file: string): Buffer | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    const { uid, mode } = fstatSync(descriptor);
    return uid === process.geteuid?.() && (mode & 0o022) === 0 ? readFileSync(descriptor) : undefined;
  } catch {
    return undefined; // there is none yet
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** The program listens once for each: whoever is told to end, as servers are, ends at once. */
function isToldToEnd(): boolean {
  return process.listenerCount('SIGTERM') === 0 || process.listenerCount('SIGINT') === 0;
}

/** Milliseconds after which the caches of another version are removed. */
const FORGOTTEN = 7 * 24 * 60 * 60 * 1000;

/** A cache that cannot be written is no fault. */
function keep(file: string, make: () => Buffer): void {
  const folder = dirname(file);
  try {
    if (mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined) forgetOthers(dirname(folder));
    const temporary = `${file}.${process.pid}.tmp`;
    writeFileSync(temporary, make(), { mode: 0o600, flag: 'wx' });
    renameSync(temporary, file);
  } catch {
    // the next run tries again
  }
}

function forgetOthers(folder: string): void {
  for (const name of readdirSync(folder)) {
    const other = join(folder, name);
    if (Date.now() - statSync(other).mtimeMs > FORGOTTEN) rmSync(other, { recursive: true, force: true });
  }
}

load(FIRST_CHUNK);
