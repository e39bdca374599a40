/** `npm test`: unit and contract tests in one process, then the end-to-end tests each in its own. */
import { runNode } from './run.ts';

const wanted = process.argv.slice(2);
const unit = wanted.length > 0 ? wanted : ['src/**/*.test.ts', 'test/*.test.ts', 'test/conformance/*.test.ts'];
const unitCode = runNode(['--test', '--test-isolation=none', ...reporter(), ...unit]);
const e2eCode = wanted.length > 0 ? 0 : runNode(['--test', ...reporter(), 'test/e2e/*.test.ts']);
process.exitCode = unitCode || e2eCode;

/** Short by default: a stranger wants to see that it works, and what does not. */
function reporter(): string[] {
  return [`--test-reporter=${process.env.TEST_REPORTER ?? './scripts/summary-reporter.mjs'}`];
}
