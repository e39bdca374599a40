import { importAdvisories } from '../../app/advisories.ts';
import { defineCommand } from '../command.ts';

export const dbImport = defineCommand({
  name: 'db import',
  group: 'metadata',
  summary: 'put advisories from files into the local store',
  description:
    'Takes records of the OSV schema: a JSON file, a folder, or a .zip, .tar, .tar.gz or .tar.zst pack. ' +
    'An import happens as a whole or not at all; importing the same again changes nothing.',
  args: [{ name: 'PATH', description: 'file, pack or folder', repeated: true }],
  flags: {},
  examples: [
    { command: 'plimsoll db import go-vulndb.osv.tar.zst', explains: 'fills the store where there is no network' },
  ],
  async run({ args }, context) {
    const result = await importAdvisories(context.ports, args, context.signal);
    const text = `${result.read} advisories read, ${result.changed} new or changed, ${result.changedPackages.length} packages touched`;
    context.output.result(result, result.ignored > 0 ? `${text}, ${result.ignored} other documents ignored` : text);
    return 0;
  },
});
