import { rotateKeys } from '../../app/tuf-repository.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { describeStaged, REPOSITORY_ARGUMENT } from '../flags/tuf.ts';

const ROLES = ['root', 'targets', 'snapshot', 'timestamp'] as const;

export const tufRotate = defineCommand({
  name: 'tuf rotate',
  group: 'trust',
  summary: 'stage other keys, or another threshold, for a role of a TUF repository',
  description:
    'The new root needs the signatures of the old root keys and of the new ones. Clients that know the old root follow by themselves; ' +
    'what the removed keys sign afterwards counts no more.',
  args: [REPOSITORY_ARGUMENT],
  flags: {
    role: { kind: 'list', value: 'ROLE', description: 'root, targets, snapshot or timestamp; may be repeated' },
    add: { kind: 'list', value: 'PUB', description: 'public key that signs from now on' },
    remove: { kind: 'list', value: 'PUB', description: 'public key, or its id, that signs no more' },
    threshold: { kind: 'number', value: 'N', description: 'how many of the keys must sign' },
  },
  examples: [
    {
      command: 'plimsoll tuf rotate ./tuf --role snapshot --role timestamp --add new.pub --remove online.pub',
      explains: 'replaces the key of a machine',
    },
  ],
  async run({ args: [folder = ''], flags }, context) {
    const roles = flags.role.map((name) => {
      const role = ROLES.find((known) => known === name);
      if (role === undefined) throw new AppError('usage', `--role: expected ${ROLES.join(', ')}, found "${name}"`);
      return role;
    });
    const [first, ...others] = roles;
    if (first === undefined) throw new AppError('usage', `--role: expected ${ROLES.join(', ')}, found none`);
    const change = { add: flags.add, remove: flags.remove, threshold: flags.threshold };
    let staged = await rotateKeys(context.ports, folder, { role: first, ...change });
    for (const role of others) staged = await rotateKeys(context.ports, folder, { role, ...change });
    context.output.result(staged, describeStaged(staged));
    return 0;
  },
});
