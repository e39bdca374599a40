/**
 * `npm run e2e [-- FILE...]`: a Kubernetes control plane of released programs on loopback (etcd and kube-apiserver, no kubelet), admission
 * by this program, and kubectl as people use it. Fails if the control plane cannot be had.
 */
import { installPeers } from './peers.ts';
import { runNode } from './run.ts';

const { variables, missing } = installPeers('cluster');
const wanted = process.argv.slice(2);
for (const { name, reason } of missing) process.stderr.write(`e2e: ${name} could not be had: ${reason}\n`);
process.exitCode =
  missing.length > 0
    ? 1
    : runNode(
        [
          '--test',
          '--test-reporter=spec',
          '--test-concurrency=1',
          ...(wanted.length > 0 ? wanted : ['test/cluster/*.cluster.ts']),
        ],
        variables,
      );
