/** `npm run conformance`: the published suites of others, with what agrees in each; writes what `docs/reference/` says of it. */
import { runNode } from './run.ts';

const wanted = process.argv.slice(2).map((name) => `test/conformance/${name}.test.ts`);
const files = wanted.length > 0 ? wanted : ['test/conformance/*.test.ts'];
process.exitCode = runNode(['--test', '--test-isolation=none', '--test-reporter=spec', ...files]);
