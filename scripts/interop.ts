/** `npm run interop`: installs released peers and proves both directions with them. Fails if none could be had. */
import { installPeers } from './peers.ts';
import { runNode } from './run.ts';

const { variables, missing } = installPeers('interop');
for (const { name, reason } of missing) process.stdout.write(`skipped peer ${name}: ${reason}\n`);
if (Object.keys(variables).length === 0) {
  process.stderr.write('interop: expected at least one peer, none could be installed\n');
  process.exitCode = 1;
} else {
  process.stdout.write(`peers: ${Object.values(variables).join(', ')}\n`);
  process.exitCode = runNode(['--test', '--test-reporter=spec', 'test/interop/*.interop.ts'], variables);
}
