import { initRepository } from '../../app/tuf-repository.ts';
import { defineCommand } from '../command.ts';
import { describeStaged, REPOSITORY_ARGUMENT } from '../flags/tuf.ts';

export const tufInit = defineCommand({
  name: 'tuf init',
  group: 'trust',
  summary: 'begin a TUF repository: who signs which role',
  description:
    'Stages the first root and an empty list of targets. Key holders then sign one after the other with tuf sign, and tuf publish makes ' +
    'the folder ready to be served by any web server. Keys are ECDSA P-256 or Ed25519, as generate-key-pair makes them.',
  args: [REPOSITORY_ARGUMENT],
  flags: {
    'root-key': {
      kind: 'list',
      value: 'PUB',
      description: 'public key that signs root metadata; repeated, several holders',
    },
    'root-threshold': { kind: 'number', value: 'N', default: 1, description: 'how many of them must sign' },
    'targets-key': {
      kind: 'list',
      value: 'PUB',
      description: 'who signs the list of targets; the root keys when absent',
    },
    'targets-threshold': {
      kind: 'number',
      value: 'N',
      description: 'how many of them; the root threshold when both have the same keys',
    },
    'snapshot-key': { kind: 'list', value: 'PUB', description: 'who signs snapshots' },
    'timestamp-key': { kind: 'list', value: 'PUB', description: 'who signs timestamps; the snapshot keys when absent' },
    'root-days': { kind: 'number', value: 'DAYS', default: 365, description: 'how long root metadata is good' },
    'targets-days': { kind: 'number', value: 'DAYS', default: 365, description: 'how long lists of targets are good' },
    'snapshot-days': { kind: 'number', value: 'DAYS', default: 30, description: 'how long snapshots are good' },
    'timestamp-days': {
      kind: 'number',
      value: 'DAYS',
      default: 7,
      description: 'how long timestamps are good: as long can a mirror hide what is new',
    },
  },
  examples: [
    {
      command:
        'plimsoll tuf init ./tuf --root-key ada.pub --root-key eve.pub --root-threshold 2 --snapshot-key online.pub',
      explains: 'root and targets by two people together, the rest by a machine',
    },
  ],
  async run({ args: [folder = ''], flags }, context) {
    const root = flags['root-key'];
    const targets = flags['targets-key'].length > 0 ? flags['targets-key'] : root;
    const snapshot = flags['snapshot-key'];
    const timestamp = flags['timestamp-key'].length > 0 ? flags['timestamp-key'] : snapshot;
    const threshold = flags['root-threshold'];
    const targetsThreshold = flags['targets-threshold'] ?? (targets === root ? threshold : 1);
    const staged = await initRepository(context.ports, folder, {
      root: { keys: root, threshold, days: flags['root-days'] },
      targets: { keys: targets, threshold: targetsThreshold, days: flags['targets-days'] },
      snapshot: { keys: snapshot, threshold: 1, days: flags['snapshot-days'] },
      timestamp: { keys: timestamp, threshold: 1, days: flags['timestamp-days'] },
    });
    context.output.result(staged, describeStaged(staged));
    return 0;
  },
});
