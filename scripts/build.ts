/**
 * `npm run build [-- FOLDER]`: the program as packs of chunks under dist/ or that folder, with what starts it (src/launch.ts) and what its threads run, so that a cold
 * start reads little and compiles nothing twice.
 */
import { createHash } from 'node:crypto';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build, transform } from 'esbuild';
import type { BuildOptions, Metafile, Plugin } from 'esbuild';
import { openDoors } from './doors.ts';
import { root } from './run.ts';

/** What every command needs and what `verify` needs: the chunks behind these lie in a pack of their own. */
const OFTEN = ['src/main.ts', 'src/cli/main.ts', 'src/io/index.ts', 'src/cli/commands/verify.ts'];

/** Libraries that sources load by a `require` of their own, when they are first needed: each begins a chunk. */
const LATE = ['@noble/curves/nist.js', '@noble/curves/ed25519.js'];
const lateChunks = new Map(LATE.map((name) => [name, name.replaceAll(/\W+/g, '-').replace(/^-|-js$/g, '')]));

const sources: Plugin = {
  name: 'sources',
  setup: (context) => {
    context.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => {
      // in the bundle esbuild's `require` takes the place of the source's own
      const text = readFileSync(path, 'utf8').replace('const require = createRequire(import.meta.url);', '');
      return { contents: openDoors(text, path), loader: 'ts' };
    });
    context.onResolve({ filter: /^@noble\// }, ({ path, kind }) => {
      const chunk = kind === 'require-call' ? lateChunks.get(path) : undefined;
      return chunk === undefined ? undefined : { path: `./${chunk}.js`, external: true };
    });
  },
};

const dist = process.argv[2] ?? join(root, 'dist');
const shared = {
  absWorkingDir: root,
  outdir: dist,
  bundle: true,
  platform: 'node',
  target: 'node24',
  minifySyntax: true,
  minifyWhitespace: true,
  plugins: [sources],
  logLevel: 'warning',
} satisfies BuildOptions;

/** File names are names of chunks: `./chunk-ABC.js`. */
const nameOf = (path: string) => `./${basename(path)}`;

async function makePacks(): Promise<Readonly<Record<string, readonly string[]>>> {
  const { outputFiles, metafile } = await build({
    ...shared,
    entryPoints: {
      program: 'src/main.ts',
      ...Object.fromEntries([...lateChunks].map(([name, chunk]) => [chunk, name])),
    },
    define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
    format: 'esm',
    splitting: true,
    // awaits at its top level, which no chunk can
    external: ['libxml2-wasm'],
    legalComments: 'external',
    write: false,
    metafile: true,
  });
  const often = chunksBehind(OFTEN, metafile);
  const packs = { 'often.js': new Map<string, string>(), 'rest.js': new Map<string, string>() };
  for (const { path, text } of outputFiles) {
    const name = nameOf(path);
    if (path.endsWith('.LEGAL.txt')) continue;
    packs[often.has(name) ? 'often.js' : 'rest.js'].set(name, await makeChunk(text));
  }
  const legal = outputFiles.filter(({ path }) => path.endsWith('.LEGAL.txt')).map(({ text }) => text);
  writeFileSync(join(dist, 'LEGAL.txt'), [...new Set(legal)].join('\n'));
  for (const [file, chunks] of Object.entries(packs)) writeFileSync(join(dist, file), formatPack(chunks), 'latin1');
  return Object.fromEntries(Object.entries(packs).map(([file, chunks]) => [file, [...chunks.keys()]]));
}

/** The body of a function that is given `require`, `module` and `exports`. Packages that are not in the bundle are imported as ever. */
async function makeChunk(text: string): Promise<string> {
  const { code } = await transform(text, {
    format: 'cjs',
    platform: 'node',
    target: 'node24',
    minifySyntax: true,
    minifyWhitespace: true,
  });
  return code.replaceAll(/\bimport\(("\.\/[^"]+\.js")\)/g, 'require.later($1)');
}

/** ASCII alone: V8 keeps one byte for each character then. Strict, as the modules that it is made of. */
function formatPack(chunks: ReadonlyMap<string, string>): string {
  const functions = [...chunks].map(([name, code]) => `${JSON.stringify(name)}(require,module,exports){${code}}`);
  const text = `(function(__dirname,__filename){"use strict";return{\n${functions.join(',\n')}\n}})`;
  return text.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** All chunks that are loaded with the ones that hold these sources. */
function chunksBehind(files: readonly string[], { outputs }: Metafile): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (path: string) => {
    if (found.has(nameOf(path))) return;
    found.add(nameOf(path));
    for (const { path: next, kind } of outputs[path]?.imports ?? []) if (kind === 'import-statement') visit(next);
  };
  for (const file of files) {
    const holder = Object.keys(outputs).find((path) => outputs[path]?.entryPoint === file);
    if (holder === undefined) throw new Error(`${file}: expected a chunk that begins with it`);
    visit(holder);
  }
  return found;
}

rmSync(dist, { recursive: true, force: true });
cpSync(join(root, 'src/metadata/sbom/schemas'), join(dist, 'schemas'), { recursive: true });
await build({ ...shared, entryPoints: { worker: 'src/worker.ts' }, format: 'cjs', outExtension: { '.js': '.cjs' } });
const packs = await makePacks();
const hash = createHash('sha256');
for (const file of [...Object.keys(packs), 'worker.cjs']) hash.update(readFileSync(join(dist, file)));
await build({
  ...shared,
  entryPoints: { main: 'src/launch.ts' },
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  define: { BUILD: JSON.stringify(hash.digest('hex').slice(0, 16)), PACKS: JSON.stringify(packs) },
});
