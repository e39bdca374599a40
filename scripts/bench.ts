/** `npm run bench`: fetches the peers that can be had, and prints one table. */
import { installPeers } from './peers.ts';
import { runNode } from './run.ts';

const { variables, missing } = installPeers();
for (const { name, reason } of missing) process.stderr.write(`without ${name}: ${reason}\n`);
process.exitCode = runNode(['bench/bench.ts'], variables);
