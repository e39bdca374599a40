import { cleanRegistry, type CleanedRegistry } from '../../app/keep-registry.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';

export const registryGc = defineCommand({
  name: 'registry gc',
  group: 'server',
  summary: 'remove what nothing in a served registry leads to any more',
  description:
    'Keeps what manifests lead to and all that refers to these, and everything younger than the grace period, so it may run while the ' +
    'registry is served. Removes blobs of no manifest, content of no repository, and uploads that were abandoned a day ago; with ' +
    '--delete-untagged also manifests that no tag leads to, unless they refer to one that is kept.',
  args: [],
  flags: {
    dir: {
      kind: 'string',
      value: 'DIR',
      description: 'folder that keeps the registry; registry in the data folder when absent',
    },
    grace: {
      kind: 'number',
      value: 'MINUTES',
      default: 60,
      description: 'keep what was written or relied on in this time; 0 only where nobody pushes',
    },
    'delete-untagged': { kind: 'boolean', short: 'm', description: 'remove manifests that no tag leads to, too' },
    'dry-run': { kind: 'boolean', short: 'd', description: 'say what would be removed, and remove nothing' },
  },
  examples: [
    { command: 'plimsoll registry gc --dir ./registry --dry-run', explains: 'what could go' },
    { command: 'plimsoll registry gc --dir ./registry --delete-untagged', explains: 'also what lost its tag' },
  ],
  async run({ flags }, context) {
    if (!(flags.grace >= 0)) throw new AppError('usage', `--grace: expected minutes from 0 on, found ${flags.grace}`);
    const input = { graceMinutes: flags.grace, untagged: flags['delete-untagged'], dryRun: flags['dry-run'] };
    const cleaned = await cleanRegistry(context.ports, { ...input, folder: flags.dir }, context.signal);
    context.output.result(cleaned, formatCleaned(cleaned));
    return 0;
  },
});

function formatCleaned({ manifests, blobs, bytes, uploads, dryRun }: CleanedRegistry): string {
  const lines = [
    ...manifests.map(({ repository, digest }) => `manifest ${repository}@${digest}`),
    ...blobs.map((digest) => `content ${digest}`),
  ];
  const counts = `${manifests.length} manifests, ${blobs.length} contents of ${bytes} bytes, ${uploads} uploads`;
  return [...lines, `${dryRun ? 'would remove' : 'removed'} ${counts}`].join('\n');
}
