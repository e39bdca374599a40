/** `npm run bench [NAME...]`: fetches the peers that can be had, and prints a table for each file of `bench/` named (all if none is). */
import { installPeers } from './peers.ts';
import { runNode } from './run.ts';

// Sigstore's policy-controller is had only when asked for: it takes minutes to build, and listens on every address.
const asked = process.env.BENCH_POLICY_CONTROLLER === undefined ? [] : (['cluster', 'bench'] as const);
const installed = (['interop', ...asked] as const).map((suite) => installPeers(suite));
const variables = Object.fromEntries(installed.flatMap((one) => Object.entries(one.variables)));
for (const { name, reason } of installed.flatMap(({ missing }) => missing))
  process.stderr.write(`without ${name}: ${reason}\n`);
const names =
  process.argv.length > 2
    ? process.argv.slice(2)
    : ['bench', 'artifacts', 'sbom', 'registry', 'trust', 'authority', 'rego', 'cue', 'cel', 'admission'];
const codes = names.map((name) => runNode([`bench/${name}.ts`], variables));
process.exitCode = Math.max(...codes);
