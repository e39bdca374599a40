import { once } from 'node:events';
import { serveAuthority } from '../../app/serve-authority.ts';
import { defineCommand } from '../command.ts';
import { readTls, SERVING_TLS_FLAGS } from '../flags/serving.ts';
import { askNewPassword, askPassword } from '../flags/trust.ts';

export const authorityServe = defineCommand({
  name: 'authority serve',
  group: 'server',
  summary: 'serve a private Sigstore from a folder: certificates, logs, timestamps',
  description:
    'Everything that signing without keys needs, in one process: a certificate authority that clients of Fulcio talk to, its ' +
    'certificate-transparency log, signature logs that speak Rekor version 2 (tiles) and version 1, and RFC 3161 timestamps. Keys and ' +
    'logs are made when the folder holds none; the keys are encrypted with the password in COSIGN_PASSWORD. An entry is acknowledged ' +
    'when it is on the disk under a signed checkpoint. Clients fetch whom to believe and where to sign from a TUF repository at /tuf, ' +
    'beginning with root.json in the folder; trusted_root.json and signing_config.v0.2.json lie there too.',
  args: [],
  flags: {
    address: {
      kind: 'string',
      value: 'HOST:PORT',
      default: '127.0.0.1:5555',
      description: 'where to listen',
    },
    dir: {
      kind: 'string',
      value: 'DIR',
      description: 'folder that keeps everything; authority in the data folder when absent',
    },
    url: {
      kind: 'string',
      value: 'URL',
      description: 'where clients reach it, for a new authority; the address when absent',
    },
    'oidc-issuer': {
      kind: 'list',
      value: 'KIND=URL',
      description:
        'OpenID provider whose tokens are taken: email, github-workflow, gitlab-pipeline, kubernetes, spiffe or uri; ' +
        'KIND,AUDIENCE=URL where tokens are for something else than sigstore; may be repeated',
    },
    'try-out': { kind: 'boolean', description: 'also an OpenID provider of its own, which believes whoever asks' },
    'witness-policy': {
      kind: 'string',
      value: 'FILE',
      description:
        'ask witnesses to cosign each checkpoint of the version 2 log, and publish it when a quorum has (tlog-policy: lines ' +
        'witness NAME KEY URL, group NAME N MEMBER..., quorum NAME)',
    },
    ...SERVING_TLS_FLAGS,
    drain: {
      kind: 'number',
      value: 'SECONDS',
      default: 30,
      description: 'how long running requests may go on when the server is stopped',
    },
  },
  examples: [
    {
      command: 'plimsoll authority serve --dir ./authority --try-out',
      explains: 'for trying things out, until Ctrl-C',
    },
    {
      command:
        'plimsoll authority serve --address 0.0.0.0:443 --tls --host sigstore.example.com --url https://sigstore.example.com --oidc-issuer github-workflow=https://token.actions.githubusercontent.com',
      explains: 'for pipelines of GitHub Actions',
    },
  ],
  async run({ flags }, context) {
    const server = await serveAuthority(context.ports, {
      address: flags.address,
      folder: flags.dir,
      url: flags.url,
      issuers: flags['oidc-issuer'],
      tryOut: flags['try-out'],
      witnessPolicy: flags['witness-policy'],
      password: askPassword(context),
      newPassword: askNewPassword(context),
      tls: readTls(flags),
      graceMs: flags.drain * 1000,
    });
    const { url, address, folder, trustedRoot, signingConfig, logKey, root, caFile } = server;
    if (flags['try-out'])
      context.output.note('--try-out: whoever asks gets a token for any e-mail; not for production');
    const lines = [
      `serving ${folder} at ${url}${address === url ? '' : `, listening at ${address}`}`,
      `trusted root: ${trustedRoot}`,
      `signing config: ${signingConfig}`,
      `log key: ${logKey}`,
      `for clients: plimsoll initialize --mirror ${url}/tuf --root ${root}`,
      ...(caFile === undefined ? [] : [`CA bundle: ${caFile}`]),
    ];
    const value = {
      url,
      address,
      folder,
      trustedRoot,
      signingConfig,
      logKey,
      root,
      ...(caFile === undefined ? {} : { caFile }),
    };
    context.output.result(value, lines.join('\n'));
    if (!context.signal.aborted) await once(context.signal, 'abort');
    await server.close();
    return 0;
  },
});
