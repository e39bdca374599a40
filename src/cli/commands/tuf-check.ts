import { checkRepository } from '../../app/tuf-repository.ts';
import { EXIT_NEGATIVE } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { describeRole } from '../flags/tuf.ts';

export const tufCheck = defineCommand({
  name: 'tuf check',
  group: 'trust',
  summary: 'verify a TUF repository as clients will, and say what expires soon',
  description:
    'Follows the roots from the first, reads every role and target. Exit code 1 when something expires within the given days, 7 when ' +
    'clients would refuse the repository.',
  args: [{ name: 'REPOSITORY', description: 'folder, file:///PATH or URL' }],
  flags: {
    root: { kind: 'string', value: 'FILE', description: 'root metadata that clients have; 1.root.json when absent' },
    within: { kind: 'number', value: 'DAYS', default: 3, description: 'what expires in that time is a fault' },
  },
  examples: [{ command: 'plimsoll tuf check ./tuf --within 14', explains: 'in a nightly job, before anybody notices' }],
  async run({ args: [repository = ''], flags }, context) {
    const input = { repository, root: flags.root, withinDays: flags.within };
    const report = await checkRepository(context.ports, input, context.signal);
    const { roles, targets, staged } = report;
    const lines = [
      ...roles.map((role) => (role.isDue ? `${describeRole(role)}, which is soon` : describeRole(role))),
      ...targets.map(({ name, size }) => `target ${name}, ${size} bytes`),
      ...staged.map(({ role, version, by, threshold, signed }) => {
        return `staged ${role} ${version}: ${signed.length} of ${threshold} signatures by the keys of ${by}`;
      }),
    ];
    context.output.result(report, lines.join('\n'));
    return roles.some(({ isDue }) => isDue) ? EXIT_NEGATIVE : 0;
  },
});
