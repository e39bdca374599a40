import { once } from 'node:events';
import { serveRegistry } from '../../app/serve-registry.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand, type Context } from '../command.ts';
import { readPassword, REGISTRY_FLAGS, type RegistryFlagValues } from '../flags/registry.ts';

export const registryServe = defineCommand({
  name: 'registry serve',
  group: 'server',
  summary: 'serve an OCI registry from a folder',
  description:
    'Pull, push, referrers and deletion after the OCI distribution specification 1.1. Every write is whole or absent, whenever the ' +
    'process ends.',
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
      value: 'DIR',
      description: 'folder that keeps everything; registry in the data folder when absent',
    },
    username: REGISTRY_FLAGS.username,
    password: REGISTRY_FLAGS.password,
    'password-stdin': REGISTRY_FLAGS['password-stdin'],
    'tls-cert': { kind: 'string', value: 'FILE', description: 'certificate chain in PEM' },
    'tls-key': { kind: 'string', value: 'FILE', description: 'private key in PEM' },
  },
  examples: [
    { command: 'plimsoll registry serve --address 127.0.0.1:5000 --dir ./registry', explains: 'until Ctrl-C' },
  ],
  async run({ flags }, context) {
    const login = await readLogin({ ...flags, insecure: false }, context);
    const [certificate, key] = [flags['tls-cert'], flags['tls-key']];
    if ((certificate === undefined) !== (key === undefined))
      throw new AppError('usage', 'expected --tls-cert together with --tls-key');
    const tls = certificate === undefined || key === undefined ? undefined : { certificate, key };
    const server = await serveRegistry(context.ports, { address: flags.address, folder: flags.dir, login, tls });
    context.output.result({ url: server.url, folder: server.folder }, `serving ${server.folder} at ${server.url}`);
    if (!context.signal.aborted) await once(context.signal, 'abort');
    await server.close();
    return 0;
  },
});

async function readLogin(flags: RegistryFlagValues, context: Context) {
  const password = await readPassword(flags, context);
  if (flags.username === undefined && password === undefined) return undefined;
  if (flags.username === undefined || password === undefined) {
    throw new AppError('usage', 'expected --username together with --password or --password-stdin');
  }
  return { username: flags.username, password };
}
