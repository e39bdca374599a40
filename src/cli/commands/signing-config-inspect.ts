import { inspectSigningConfig } from '../../app/trust-documents.ts';
import { defineCommand } from '../command.ts';
import { INSPECT_FLAGS, printInspection } from '../flags/trust-documents.ts';

export const signingConfigInspect = defineCommand({
  name: 'signing-config inspect',
  group: 'trust',
  summary: 'show what is in a signing configuration: which services, and until when',
  description:
    'Exit code 1 when something ends soon with nothing in its place, or the metadata of what was initialized has expired.',
  args: [{ name: 'FILE', description: 'document to show; what was initialized when absent', optional: true }],
  flags: INSPECT_FLAGS,
  examples: [
    { command: 'plimsoll signing-config inspect --within 60', explains: 'in a nightly job, before a key is gone' },
  ],
  async run({ args: [file], flags: { within: withinDays, offline } }, context) {
    const inspection = await inspectSigningConfig(context.ports, { file, withinDays, offline }, context.signal);
    return printInspection(inspection, context);
  },
});
