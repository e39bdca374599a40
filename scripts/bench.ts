/** `npm run bench [NAME...]`: fetches the peers that can be had, and prints a table for each file of `bench/` named (all if none is). */
import { installPeers } from './peers.ts';
import { runNode } from './run.ts';

const { variables, missing } = installPeers('interop');
for (const { name, reason } of missing) process.stderr.write(`without ${name}: ${reason}\n`);
const names =
  process.argv.length > 2
    ? process.argv.slice(2)
    : ['bench', 'artifacts', 'registry', 'trust', 'authority', 'rego', 'cue', 'admission'];
const codes = names.map((name) => runNode([`bench/${name}.ts`], variables));
process.exitCode = Math.max(...codes);
