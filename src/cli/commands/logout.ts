import { logout as logOut } from '../../app/login.ts';
import { defineCommand } from '../command.ts';

export const logout = defineCommand({
  name: 'logout',
  group: 'artifacts',
  summary: 'forget the stored credentials of a registry',
  args: [{ name: 'REGISTRY', description: 'host, with port if needed' }],
  flags: {},
  examples: [{ command: 'plimsoll logout registry.example.com', explains: 'asked anonymously from now on' }],
  async run({ args }, context) {
    const removed = await logOut(context.ports, { registry: args[0] ?? '' });
    context.output.result({ registry: args[0], removed }, removed ? '' : `there were no credentials of ${args[0]}`);
    return 0;
  },
});
