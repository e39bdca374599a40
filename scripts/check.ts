/** `npm run check`: everything that must hold before a change is good. Runs all steps and then says which failed. */
import { runNode, runTool } from './run.ts';

const steps: readonly (readonly [string, () => number])[] = [
  ['format', () => runTool('oxfmt', ['--check', '.'])],
  ['lint', () => runTool('oxlint', ['--type-aware'])],
  ['types', () => runTool('tsc', ['-p', '.'])],
  ['dead code', () => runTool('knip', [])],
  ['generated docs', () => runNode(['scripts/docs.ts', '--check'])],
  ['tests', () => runNode(['scripts/test.ts'])],
];

const failed: string[] = [];
for (const [name, step] of steps) {
  const start = performance.now();
  const code = step();
  if (code !== 0) failed.push(name);
  process.stdout.write(
    `${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)\n`,
  );
}
if (failed.length > 0) process.stderr.write(`check failed: ${failed.join(', ')}\n`);
process.exitCode = failed.length > 0 ? 1 : 0;
