/**
 * `npm run fuzz [RUNS]`: the hostile inputs of the tests, RUNS for each parser of signatures and of advisories, for all catalogers together,
 * and a part of them for each format of SBOMs (a million unless told) instead of the few of every day. For the night.
 */
import { runNode } from './run.ts';

const SUITES = [
  'src/trust/**/hostile.test.ts',
  'src/metadata/catalog/contract.test.ts',
  'src/metadata/advisory/hostile.test.ts',
  'src/metadata/sbom/hostile.test.ts',
];

const runs = process.argv[2] ?? '1000000';
if (!/^[1-9]\d{0,9}$/.test(runs)) throw new Error(`fuzz: expected a number of runs, found "${runs}"`);
process.exitCode = runNode(['--test', '--test-reporter=spec', ...SUITES], { FUZZ_RUNS: runs });
