import { publishRepository } from '../../app/tuf-repository.ts';
import { defineCommand } from '../command.ts';
import { askPassword } from '../flags/trust.ts';
import { describeRole, REPOSITORY_ARGUMENT } from '../flags/tuf.ts';

export const tufPublish = defineCommand({
  name: 'tuf publish',
  group: 'trust',
  summary: 'publish what is staged in a TUF repository, with a new snapshot and timestamp',
  description:
    'Refuses while signatures are missing. With nothing staged it renews snapshot and timestamp, to be done before they expire.',
  args: [REPOSITORY_ARGUMENT],
  flags: {
    key: {
      kind: 'list',
      value: 'KEY',
      description: 'private key of snapshot and timestamp: a file or env://NAME; may be repeated',
    },
  },
  examples: [
    { command: 'plimsoll tuf publish ./tuf --key online.key', explains: 'makes the folder ready to be served' },
  ],
  async run({ args: [folder = ''], flags }, context) {
    const published = await publishRepository(context.ports, folder, flags.key, askPassword(context));
    context.output.result(published, [`published ${folder}`, ...published.roles.map(describeRole)].join('\n'));
    return 0;
  },
});
