import { findStoredCredential } from '../../app/credentials.ts';
import { defineCommand } from '../command.ts';
import { readConnection, REGISTRY_FLAGS } from '../flags/registry.ts';

/** A host name; more is none. */
const MAX_SERVER_BYTES = 4096;

export const authGet = defineCommand({
  name: 'auth get',
  group: 'artifacts',
  summary: 'print the credentials with which a registry is asked, as a credential helper does',
  description: 'Without REGISTRY its name is read from standard input.',
  args: [{ name: 'REGISTRY', description: 'host, with port if needed', optional: true }],
  flags: { 'registry-config': REGISTRY_FLAGS['registry-config'], 'pull-secret': REGISTRY_FLAGS['pull-secret'] },
  examples: [
    { command: 'plimsoll auth get registry.example.com', explains: 'user name and secret' },
    {
      command: 'plimsoll auth get --pull-secret secret.yaml registry.example.com',
      explains: 'what a Kubernetes secret has for it',
    },
  ],
  async run({ args: [named], flags }, context) {
    const server = named ?? new TextDecoder().decode(await context.readInput(MAX_SERVER_BYTES)).trim();
    const access = readConnection({ ...NO_CONNECTION, ...flags });
    context.output.raw(`${JSON.stringify(await findStoredCredential(context.ports, { server, access }))}\n`);
    return 0;
  },
});

/** Nothing is connected to. */
const NO_CONNECTION = {
  insecure: false,
  'plain-http': false,
  'ca-file': undefined,
  'cert-file': undefined,
  'key-file': undefined,
} as const;
