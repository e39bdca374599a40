import { findGarbage } from '../../app/find-garbage.ts';
import { defineCommand } from '../command.ts';
import { readAccess, REGISTRY_FLAGS } from '../flags/registry.ts';

export const garbage = defineCommand({
  name: 'garbage',
  group: 'artifacts',
  summary: 'list, and delete when told to, signatures and referrers whose subject is gone',
  description:
    'Finds the tags under which cosign keeps signatures, attestations and SBOMs, fallback tags of referrers, and referrers (with ' +
    'theirs) of manifests that are not in the repository any more. Referrers with a tag of their own are said and never deleted. ' +
    'Do not run it with --delete while others push: an artifact may come after its signature.',
  args: [{ name: 'REPOSITORY', description: 'in a registry, or oci:PATH' }],
  transfers: true,
  flags: { ...REGISTRY_FLAGS, delete: { kind: 'boolean', description: 'delete what is found; without it nothing is' } },
  examples: [
    { command: 'plimsoll garbage registry.example.com/team/app', explains: 'what could go' },
    { command: 'plimsoll garbage --delete registry.example.com/team/app', explains: 'and let it go' },
  ],
  async run({ args: [repository = ''], flags }, context) {
    const input = { repository, delete: flags.delete, access: await readAccess(flags, context) };
    const report = await findGarbage(context.ports, input, context.signal);
    for (const { tag, subject } of report.kept) {
      context.output.note(`tag ${tag ?? ''} refers to ${subject}, which is gone; it has a tag of its own and stays`);
    }
    const lines = report.garbage.map(({ digest, tag, subject }) => `${digest} ${tag ?? '-'} of ${subject}`);
    context.output.note(`${lines.length} ${report.deleted ? 'deleted' : 'found'} among ${report.tags} tags`);
    context.output.result(report, lines.join('\n'));
    return 0;
  },
});
