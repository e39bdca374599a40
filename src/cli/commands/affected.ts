import { EXIT_NEGATIVE } from '../../core/index.ts';
import { findAffected } from '../../app/affected.ts';
import type { Affected } from '../../app/affected.ts';
import { defaultGraphPath, openExistingGraph } from '../../app/open-graph.ts';
import { defineCommand } from '../command.ts';
import type { Output } from '../command.ts';

export const affected = defineCommand({
  name: 'affected',
  group: 'server',
  summary: 'say which images and workloads a vulnerability hits',
  description:
    'Asks the evidence graph and the advisory store; no registry and no layer is read. Exit code 0: nothing known is hit; 1: something is.',
  args: [{ name: 'ID', description: 'CVE, GHSA, GO, DSA or any other id of the vulnerability' }],
  flags: {
    graph: { kind: 'string', value: 'FILE', description: 'evidence graph; default graph.sqlite in the data folder' },
  },
  examples: [
    { command: 'plimsoll affected CVE-2024-3094', explains: 'images and workloads that hold the affected versions' },
  ],
  async run({ args: [id = ''], flags }, context) {
    const graph = await openExistingGraph(context.ports, flags.graph ?? defaultGraphPath(context.ports));
    try {
      const answer = await findAffected(context.ports, graph, id);
      context.output.result(answer, formatAffected(answer, context.output));
      return answer.images.length > 0 ? EXIT_NEGATIVE : 0;
    } finally {
      graph.close();
    }
  },
});

function formatAffected(answer: Affected, { paint }: Output): string {
  const names = [answer.id, ...answer.aliases].join(', ');
  const workloads = new Set(
    answer.images.flatMap((image) => image.workloads.map((one) => `${one.namespace}/${one.kind}/${one.name}`)),
  );
  const lines = [`${paint('bold', names)}: ${answer.summary}`];
  for (const { digest, references, findings, workloads: runs } of answer.images) {
    lines.push(`  ${paint('bad', references[0] ?? 'image')} ${paint('dim', digest)}`);
    for (const { component, severity, because } of findings)
      lines.push(`    ${component.purl} (${severity}): ${because}`);
    for (const { namespace, kind, name } of runs) lines.push(`    runs in ${namespace}/${kind}/${name}`);
  }
  lines.push(`images: ${answer.images.length}, workloads: ${workloads.size}; answered in ${answer.took.toFixed(1)} ms`);
  return lines.join('\n');
}
