import { exportImage } from '../../app/export-image.ts';
import { writeWhole } from '../../app/write-whole.ts';
import { defineCommand } from '../command.ts';
import { PLATFORM_FLAG, platformOf } from '../flags/platform.ts';
import { readAccess, REGISTRY_FLAGS } from '../flags/registry.ts';
import { withInput } from '../spooled-input.ts';

export const exportCommand = defineCommand({
  name: 'export',
  group: 'artifacts',
  summary: 'write the file system of an image as one tar',
  description:
    'What all layers come to, with owners, times and extended attributes. Standard output gets the content as it comes: act on it ' +
    'only when the exit code is 0. A file appears only when it is whole.',
  args: [
    { name: 'IMAGE', description: 'image in a registry or on the disk; - reads an archive from standard input' },
    { name: 'TARBALL', description: 'file to write; - or nothing is standard output', optional: true },
  ],
  transfers: true,
  flags: { ...REGISTRY_FLAGS, platform: PLATFORM_FLAG },
  examples: [
    { command: 'plimsoll export registry.example.com/team/app:v1 app.tar', explains: 'into a file' },
    { command: 'plimsoll export registry.example.com/team/app:v1 - | tar -t', explains: 'what is in it' },
  ],
  async run({ args: [named = '', output = '-'], flags }, context) {
    const { ports, signal } = context;
    const access = await readAccess(flags, context);
    return await withInput(context, named, async (source) => {
      const input = { source, platform: platformOf(flags.platform), access };
      const { content, ...exported } = await exportImage(ports, input, signal);
      if (output === '-') {
        for await (const chunk of content) context.output.raw(chunk);
        return 0;
      }
      await writeWhole(ports, output, content);
      context.output.note(`wrote ${output}`);
      context.output.result(exported, exported.reference);
      return 0;
    });
  },
});
