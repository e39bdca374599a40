import { once } from 'node:events';
import { serveRegistry } from '../../app/serve-registry.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand, type Context } from '../command.ts';
import { readPassword, REGISTRY_FLAGS, type PasswordFlagValues } from '../flags/registry.ts';
import { readTls, SERVING_TLS_FLAGS } from '../flags/serving.ts';

export const registryServe = defineCommand({
  name: 'registry serve',
  group: 'server',
  summary: 'serve an OCI registry from a folder',
  description:
    'Pull, push, referrers and deletion after the OCI distribution specification 1.1. Every write is whole or absent, whenever the ' +
    'process ends; uploads go on where they were. The rules are a YAML file: users (htpasswd with bcrypt), tokens, access by ' +
    'repository, immutable tags and the audit log; they are read again when they change, and nothing is answered while they cannot be ' +
    'read. /healthz and, for users, /metrics are served too.',
  args: [],
  flags: {
    address: {
      kind: 'string',
      value: 'HOST:PORT',
      default: '127.0.0.1:5000',
      description: 'where to listen; port 0 takes any free one',
    },
    dir: {
      kind: 'string',
      aliases: ['disk'],
      value: 'DIR',
      description: 'folder that keeps everything; registry in the data folder when absent',
    },
    rules: { kind: 'string', value: 'FILE', description: 'users, rights, immutable tags and audit log (YAML)' },
    username: { ...REGISTRY_FLAGS.username, description: 'the only user, who may do everything, instead of rules' },
    password: REGISTRY_FLAGS.password,
    'password-stdin': REGISTRY_FLAGS['password-stdin'],
    ...SERVING_TLS_FLAGS,
    drain: {
      kind: 'number',
      value: 'SECONDS',
      default: 30,
      description: 'how long running transfers may go on when the server is stopped',
    },
  },
  examples: [
    { command: 'plimsoll registry serve --address 127.0.0.1:5000 --dir ./registry', explains: 'until Ctrl-C' },
    {
      command: 'plimsoll registry serve --address 0.0.0.0:5000 --rules registry.yaml --tls --host registry.example.com',
      explains: 'for others, with users and HTTPS',
    },
  ],
  async run({ flags }, context) {
    const login = await readLogin(flags, context);
    const tls = readTls(flags);
    const input = { address: flags.address, folder: flags.dir, rules: flags.rules, graceMs: flags.drain * 1000 };
    const server = await serveRegistry(context.ports, { ...input, login, tls });
    const { url, folder, caFile } = server;
    const text = `serving ${folder} at ${url}${caFile === undefined ? '' : `\nCA bundle: ${caFile}`}`;
    context.output.result({ url, folder, ...(caFile === undefined ? {} : { caFile }) }, text);
    if (!context.signal.aborted) await once(context.signal, 'abort');
    await server.close();
    return 0;
  },
});

async function readLogin(flags: PasswordFlagValues, context: Context) {
  const password = await readPassword(flags, context);
  if (flags.username === undefined && password === undefined) return undefined;
  if (flags.username === undefined || password === undefined) {
    throw new AppError('usage', 'expected --username together with --password or --password-stdin');
  }
  return { username: flags.username, password };
}
