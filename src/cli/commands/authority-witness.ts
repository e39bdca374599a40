import { once } from 'node:events';
import { serveWitness } from '../../app/serve-witness.ts';
import { defineCommand } from '../command.ts';
import { readTls, SERVING_TLS_FLAGS } from '../flags/serving.ts';
import { askNewPassword, askPassword } from '../flags/trust.ts';

export const authorityWitness = defineCommand({
  name: 'authority witness',
  group: 'server',
  summary: 'serve a witness, which cosigns checkpoints of logs that only grow',
  description:
    'A log asks it to cosign each checkpoint, with proof that its tree goes on from the one cosigned last (tlog-witness); a rollback or ' +
    'a second history is refused. Whoever demands its cosignature (--witness-policy) knows that all others see the same log. The last ' +
    'checkpoint of each log is on the disk before the answer leaves. The key is made when the folder holds none, and encrypted with the ' +
    'password in COSIGN_PASSWORD.',
  args: [],
  flags: {
    log: {
      kind: 'list',
      value: 'KEY',
      description:
        'verifier key of a log to witness (NAME+HINT+KEY, as `authority serve` prints it), or a file that holds it; may be repeated',
    },
    name: {
      kind: 'string',
      value: 'NAME',
      description: 'what a new witness is called, such as witness.example.com/one',
    },
    address: { kind: 'string', value: 'HOST:PORT', default: '127.0.0.1:7380', description: 'where to listen' },
    dir: {
      kind: 'string',
      value: 'DIR',
      description: 'folder that keeps its key and what it has seen; witness in the data folder when absent',
    },
    ...SERVING_TLS_FLAGS,
    drain: {
      kind: 'number',
      value: 'SECONDS',
      default: 5,
      description: 'how long running requests may go on when the server is stopped',
    },
  },
  examples: [
    {
      command: 'plimsoll authority witness --dir ./witness --name witness.example.com/one --log authority/log.vkey',
      explains: 'until Ctrl-C; it prints its line for policies',
    },
  ],
  async run({ flags }, context) {
    const server = await serveWitness(context.ports, {
      address: flags.address,
      folder: flags.dir,
      name: flags.name,
      logs: flags.log,
      password: askPassword(context),
      newPassword: askNewPassword(context),
      tls: readTls(flags),
      graceMs: flags.drain * 1000,
    });
    const { url, folder, name, verifierKey, caFile } = server;
    const lines = [
      `serving ${folder} at ${url}`,
      `for policies: witness ${name} ${verifierKey} ${url}`,
      ...(caFile === undefined ? [] : [`CA bundle: ${caFile}`]),
    ];
    const value = { url, folder, name, verifierKey, ...(caFile === undefined ? {} : { caFile }) };
    context.output.result(value, lines.join('\n'));
    if (!context.signal.aborted) await once(context.signal, 'abort');
    await server.close();
    return 0;
  },
});
