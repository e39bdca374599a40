import { defaultGraphPath, openExistingGraph } from '../../app/open-graph.ts';
import { defineCommand } from '../command.ts';

export const verdicts = defineCommand({
  name: 'verdicts',
  group: 'server',
  summary: 'list what the admission server decided, newest first',
  args: [],
  flags: {
    graph: { kind: 'string', value: 'FILE', description: 'evidence graph; default graph.sqlite in the data folder' },
    limit: { kind: 'number', default: 20, description: 'verdicts to show' },
  },
  examples: [{ command: 'plimsoll verdicts --limit 5', explains: 'the last five' }],
  async run({ flags }, context) {
    const graph = await openExistingGraph(context.ports, flags.graph ?? defaultGraphPath(context.ports));
    try {
      const list = graph.listVerdicts(Math.max(1, Math.trunc(flags.limit)));
      const lines = list.map(({ at, outcome, workload, image, reasons }) => {
        const style = outcome === 'allow' ? 'good' : outcome === 'warn' ? 'warn' : 'bad';
        const codes = [...new Set(reasons.map((reason) => reason.code))].join(', ');
        return `${at.toISOString()} ${context.output.paint(style, outcome.padEnd(5))} ${workload} ${image} (${codes})`;
      });
      context.output.result(list, lines.join('\n'));
      return 0;
    } finally {
      graph.close();
    }
  },
});
