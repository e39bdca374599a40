import { logout as logOut } from '../../app/login.ts';
import { defineCommand } from '../command.ts';
import { REGISTRY_FLAGS } from '../flags/registry.ts';

export const logout = defineCommand({
  name: 'logout',
  group: 'artifacts',
  summary: 'forget the stored credentials of a registry',
  args: [{ name: 'REGISTRY', description: 'host, with port if needed' }],
  flags: { 'registry-config': REGISTRY_FLAGS['registry-config'] },
  examples: [{ command: 'plimsoll logout registry.example.com', explains: 'asked anonymously from now on' }],
  async run({ args, flags }, context) {
    const input = { registry: args[0] ?? '', registryConfig: flags['registry-config'] };
    const removed = await logOut(context.ports, input);
    context.output.result({ registry: args[0], removed }, removed ? '' : `there were no credentials of ${args[0]}`);
    return 0;
  },
});
