import { attachFiles } from '../../app/attach-files.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { CONTENT_FLAGS, contentOf } from '../flags/content.ts';
import { PLATFORM_FLAG, platformOf } from '../flags/platform.ts';
import { reportPushed } from '../flags/pushed.ts';
import { readAccess, TRANSFER_FLAGS } from '../flags/registry.ts';

export const attach = defineCommand({
  name: 'attach',
  group: 'artifacts',
  summary: 'attach files to an image or artifact, so that they are found through it',
  description:
    'The files become an artifact whose subject is REF, in a registry or in a layout folder. Files or annotations must be given, or ' +
    'both.',
  args: [
    { name: 'REF', description: 'what the files belong to' },
    { name: 'FILE[:MEDIA/TYPE]', description: 'files to attach', optional: true, repeated: true },
  ],
  transfers: true,
  flags: {
    ...TRANSFER_FLAGS,
    platform: PLATFORM_FLAG,
    'artifact-type': { kind: 'string', required: true, value: 'TYPE', description: 'media type of what is attached' },
    ...CONTENT_FLAGS,
  },
  examples: [
    {
      command:
        'plimsoll attach registry.example.com/team/app:v1 report.json:application/json --artifact-type application/vnd.example.report',
      explains: 'a report on an image; plimsoll tree shows it',
    },
  ],
  async run({ args: [reference = '', ...files], flags }, context) {
    if (files.length === 0 && flags.annotation.length === 0 && flags['annotation-file'] === undefined) {
      throw new AppError('usage', 'expected files or annotations to attach, found neither');
    }
    const input = {
      reference,
      files,
      platform: platformOf(flags.platform),
      artifactType: flags['artifact-type'],
      ...contentOf(flags),
      access: await readAccess(flags, context),
    };
    const attached = await attachFiles(context.ports, input, context.signal);
    context.output.note(`attached to ${attached.subject}`);
    reportPushed(context, attached);
    return 0;
  },
});
