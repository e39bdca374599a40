import { signRepository } from '../../app/tuf-repository.ts';
import { defineCommand } from '../command.ts';
import { askPassword } from '../flags/trust.ts';
import { describeStaged, REPOSITORY_ARGUMENT } from '../flags/tuf.ts';

export const tufSign = defineCommand({
  name: 'tuf sign',
  group: 'trust',
  summary: 'sign what is staged in a TUF repository, as one of its key holders',
  description:
    'Each holder does this with a key of their own, in any order; the folder goes from hand to hand, or lies in git.',
  args: [REPOSITORY_ARGUMENT],
  flags: { key: { kind: 'string', required: true, value: 'KEY', description: 'private key: a file or env://NAME' } },
  examples: [
    { command: 'plimsoll tuf sign ./tuf --key ada.key', explains: 'signs whatever the root lets this key sign' },
  ],
  async run({ args: [folder = ''], flags }, context) {
    const staged = await signRepository(context.ports, folder, flags.key, askPassword(context));
    context.output.result(staged, describeStaged(staged));
    return 0;
  },
});
