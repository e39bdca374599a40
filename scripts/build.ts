/** `npm run build`: bundles the program and what its threads run into one file each under dist/, so that a cold start reads little and compiles nothing twice. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Plugin } from 'esbuild';
import { root } from './run.ts';

/** Sources load some libraries by a `require` of their own, when they are first needed; in the bundle esbuild's takes its place. */
const ownRequire: Plugin = {
  name: 'own-require',
  setup: (context) => {
    context.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => {
      const contents = readFileSync(path, 'utf8').replace('const require = createRequire(import.meta.url);', '');
      return { contents, loader: 'ts' };
    });
  },
};

const dist = join(root, 'dist');
rmSync(dist, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: { program: 'src/main.ts', worker: 'src/worker.ts' },
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node24',
  minify: true,
  sourcemap: 'linked',
  legalComments: 'linked',
  plugins: [ownRequire],
  logLevel: 'warning',
});
// The compile cache must be on before the program itself is loaded.
writeFileSync(join(dist, 'main.cjs'), "require('node:module').enableCompileCache();\nrequire('./program.cjs');\n");
