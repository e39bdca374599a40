import { changeTargets } from '../../app/tuf-repository.ts';
import { defineCommand } from '../command.ts';
import { describeStaged, REPOSITORY_ARGUMENT } from '../flags/tuf.ts';

export const tufAdd = defineCommand({
  name: 'tuf add',
  group: 'trust',
  summary: 'stage files as targets of a TUF repository, or their removal',
  args: [REPOSITORY_ARGUMENT, { name: 'FILE', description: 'files to hand out', repeated: true, optional: true }],
  flags: {
    name: {
      kind: 'string',
      value: 'NAME',
      description: 'name of the target, for a single file; its file name when absent',
    },
    remove: { kind: 'list', value: 'NAME', description: 'target to list no more' },
  },
  examples: [
    {
      command: 'plimsoll tuf add ./tuf trusted_root.json signing_config.v0.2.json',
      explains: 'hands out trust material',
    },
  ],
  async run({ args: [folder = '', ...files], flags }, context) {
    const staged = await changeTargets(context.ports, folder, { files, name: flags.name, remove: flags.remove });
    context.output.result(staged, describeStaged(staged));
    return 0;
  },
});
