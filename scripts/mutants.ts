/**
 * `npm run mutants [WORD...]`: takes away one check of the verifier at a time and expects a test to fail. Those whose text holds one
 * of the words are tried, or all. A check without a failing test is a check that anybody may delete.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './run.ts';
import { applyMutant, mutants } from './verifier-mutants.ts';
import type { Mutant } from './verifier-mutants.ts';

const TESTS = [
  'src/trust/{bundles,crypto,images,blobs}/*.test.ts',
  'src/policies/*.test.ts',
  'src/app/keyless-policies.test.ts',
  'src/cli/commands/keyless.test.ts',
];
/** A mutant may loop for ever; the tests take seconds. */
const TIMEOUT_MS = 120_000;

const words = process.argv.slice(2);
const wanted = mutants.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
const waiting = [...wanted];
const survivors: string[] = [];

await Promise.all(Array.from({ length: availableParallelism() }, work));
process.stdout.write(`${wanted.length - survivors.length} of ${wanted.length} mutants were found by tests\n`);
process.exitCode = survivors.length > 0 || wanted.length === 0 ? 1 : 0;

/** One folder for each worker, since mutants are written into the sources. */
async function work(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-mutants-'));
  try {
    for (const part of ['src', 'test', 'package.json', 'tsconfig.json']) {
      cpSync(join(root, part), join(folder, part), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const isFound = await isFoundByTests(folder, mutant);
      if (!isFound) survivors.push(mutant.name);
      process.stdout.write(`${isFound ? 'found   ' : 'SURVIVED'} ${mutant.name}\n`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function isFoundByTests(folder: string, mutant: Mutant): Promise<boolean> {
  const path = join(folder, mutant.file);
  const original = readFileSync(path, 'utf8');
  writeFileSync(path, applyMutant(mutant, original));
  try {
    return (await runTests(folder)) !== 0;
  } finally {
    writeFileSync(path, original);
  }
}

function runTests(folder: string): Promise<number> {
  const args = ['--disable-warning=ExperimentalWarning', '--test', '--test-isolation=none', ...TESTS];
  // Chance must not find what a test should; fuzzing is for readers.
  const environment = { ...process.env, FUZZ_RUNS: '1' };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: folder,
      stdio: 'ignore',
      env: environment,
      timeout: TIMEOUT_MS,
    });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
