import { inspectTrustedRoot } from '../../app/trust-documents.ts';
import { defineCommand } from '../command.ts';
import { INSPECT_FLAGS, printInspection } from '../flags/trust-documents.ts';

export const trustedRootInspect = defineCommand({
  name: 'trusted-root inspect',
  group: 'trust',
  summary: 'show what is in a trusted root: authorities, logs and timestamp authorities, and until when',
  description:
    'Exit code 1 when something ends soon with nothing in its place, or the metadata of what was initialized has expired.',
  args: [{ name: 'FILE', description: 'document to show; what was initialized when absent', optional: true }],
  flags: INSPECT_FLAGS,
  examples: [
    { command: 'plimsoll trusted-root inspect --within 60', explains: 'in a nightly job, before a key is gone' },
  ],
  async run({ args: [file], flags: { within: withinDays, offline } }, context) {
    const inspection = await inspectTrustedRoot(context.ports, { file, withinDays, offline }, context.signal);
    return printInspection(inspection, context);
  },
});
