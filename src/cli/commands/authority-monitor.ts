import { setTimeout as sleep } from 'node:timers/promises';
import { monitorLog, type MonitoredLog, type MonitorInput } from '../../app/monitor-log.ts';
import { EXIT_NEGATIVE } from '../../core/index.ts';
import { defineCommand, type Context } from '../command.ts';
import { identityOf, SIGNER_FLAGS } from '../flags/signers.ts';

const IDENTITY_FLAGS = {
  'certificate-identity': SIGNER_FLAGS['certificate-identity'],
  'certificate-identity-regexp': SIGNER_FLAGS['certificate-identity-regexp'],
  'certificate-oidc-issuer': SIGNER_FLAGS['certificate-oidc-issuer'],
  'certificate-oidc-issuer-regexp': SIGNER_FLAGS['certificate-oidc-issuer-regexp'],
} as const;

export const authorityMonitor = defineCommand({
  name: 'authority monitor',
  group: 'trust',
  summary: 'watch a transparency log: that it only grows, and whose certificates appear in it',
  description:
    'Reads the newest checkpoint, verifies it with the trusted root, proves that it goes on from the one seen last (--state), and reads ' +
    'what is new, each entry proven to stand in the tree. Exits 1 when the log shows two histories. Without a state file it begins at ' +
    '--from, or at the end.',
  args: [{ name: 'URL', description: 'base URL of the log' }],
  flags: {
    'rekor-version': {
      kind: 'choice',
      choices: ['2', '1'],
      default: '2',
      description: 'what the log speaks: tiles, or the older API',
    },
    'trusted-root': { kind: 'string', value: 'FILE', description: 'whose signature the checkpoint must carry' },
    'witness-policy': SIGNER_FLAGS['witness-policy'],
    state: { kind: 'string', value: 'FILE', description: 'keeps what was seen last, for the next run' },
    from: { kind: 'number', value: 'INDEX', description: 'first entry to read when nothing was seen yet' },
    every: { kind: 'number', value: 'SECONDS', description: 'look again and again until Ctrl-C; wants --state' },
    ...IDENTITY_FLAGS,
  },
  transfers: true,
  examples: [
    {
      command:
        'plimsoll authority monitor --trusted-root trusted_root.json --state log.json --certificate-identity ada@example.com http://127.0.0.1:5555',
      explains: 'what was signed as ada since the last run',
    },
  ],
  async run({ args: [url = ''], flags }, context) {
    const input: MonitorInput = {
      url: url.replace(/\/$/, ''),
      version: flags['rekor-version'] === '1' ? 1 : 2,
      trustedRoot: flags['trusted-root'],
      witnessPolicy: flags['witness-policy'],
      state: flags.state,
      from: flags.from,
      identity: identityOf(flags),
    };
    for (;;) {
      const found = await monitorLog(context.ports, input, context.signal);
      report(context, found);
      if (!found.isConsistent) return EXIT_NEGATIVE;
      if (flags.every === undefined || input.state === undefined) return 0;
      await sleep(flags.every * 1000, undefined, { signal: context.signal });
    }
  },
});

function report(context: Context, log: MonitoredLog): void {
  const since = log.previousSize === undefined ? '' : `, ${log.previousSize} when last seen`;
  const lines = log.found.map(
    ({ index, subject, issuer, kind, notBefore }) =>
      `${index}  ${notBefore.toISOString()}  ${subject}  ${issuer}  ${kind}`,
  );
  const state = log.isConsistent ? 'consistent' : 'NOT CONSISTENT: it does not go on from what was seen last';
  context.output.result(log, [`${log.origin}: ${log.size} entries${since}; ${state}`, ...lines].join('\n'));
}
