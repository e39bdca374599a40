import { isLocalImage, pushFiles, pushImage } from '../../app/push-artifact.ts';
import { AppError, parseReference } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { CONTENT_FLAGS, contentOf } from '../flags/content.ts';
import { reportPushed } from '../flags/pushed.ts';
import { FOREIGN_FLAG, readAccess, TRANSFER_FLAGS } from '../flags/registry.ts';
import { withInput } from '../spooled-input.ts';

export const push = defineCommand({
  name: 'push',
  group: 'artifacts',
  summary: 'push files as an artifact, or an image from the disk',
  description:
    'With an image (an OCI layout folder, a tar of one, a docker archive) pushes it as it is: plimsoll push PATH REF. ' +
    'With files makes an artifact of them: plimsoll push REF FILE[:MEDIA/TYPE]... There REF may have several tags, ' +
    'REPOSITORY:TAG,TAG, or be a layout folder, oci:PATH:TAG.',
  args: [
    { name: 'PATH|REF', description: 'image on disk (- is an archive on standard input), or where the files go' },
    { name: 'REF|FILE', description: 'where the image goes, or the files', optional: true, repeated: true },
  ],
  transfers: true,
  flags: {
    ...TRANSFER_FLAGS,
    'artifact-type': { kind: 'string', value: 'TYPE', description: 'media type of the artifact made of files' },
    ...CONTENT_FLAGS,
    'image-spec': {
      kind: 'choice',
      choices: ['v1.0', 'v1.1'],
      description: 'form of the manifest of files; v1.0 with a configuration and no artifact type, else v1.1',
    },
    subject: {
      kind: 'string',
      value: 'REF',
      description: 'artifact in the same repository that the new one refers to',
    },
    'allow-nondistributable-artifacts': FOREIGN_FLAG,
    index: { kind: 'boolean', description: 'push all images of a layout as one index' },
    'image-refs': { kind: 'string', value: 'FILE', description: 'write the references of what was pushed here too' },
  },
  examples: [
    { command: 'plimsoll push image.tar registry.example.com/team/app:v1', explains: 'a docker archive' },
    {
      command:
        'plimsoll push registry.example.com/team/docs:v1 report.json:application/json --artifact-type application/vnd.example.report',
      explains: 'a file as an artifact',
    },
  ],
  async run({ args, flags }, context) {
    const access = await readAccess(flags, context);
    const [first = '', ...rest] = args;
    const { ports, signal } = context;
    const isImage = first === '-' || flags.index || (await isLocalImage(ports, first, rest));
    if (!isImage && rest.length + flags.annotation.length === 0 && flags['annotation-file'] === undefined) {
      throw new AppError('usage', 'expected files or annotations to push, found neither');
    }
    const foreign = flags['allow-nondistributable-artifacts'];
    const isSpec10 = isOldForm(flags['image-spec'], flags);
    const pushed = isImage
      ? await withInput(context, first, (source) =>
          pushImage(ports, { source, reference: onlyReference(rest), withAll: flags.index, foreign, access }, signal),
        )
      : await pushFiles(
          ports,
          {
            reference: first,
            files: rest,
            artifactType: flags['artifact-type'],
            ...contentOf(flags),
            isSpec10,
            subject: flags.subject,
            access,
          },
          signal,
        );
    if (flags['image-refs'] !== undefined) {
      await ports.files.writeAtomic(flags['image-refs'], `${pushed.reference}\n`);
    }
    reportPushed(context, pushed);
    return 0;
  },
});

/** A configuration of one's own and no artifact type is the older form, as oras has it. */
function isOldForm(
  spec: string | undefined,
  flags: { readonly 'manifest-config': string | undefined; readonly 'artifact-type': string | undefined },
): boolean {
  return spec === undefined
    ? flags['manifest-config'] !== undefined && flags['artifact-type'] === undefined
    : spec === 'v1.0';
}

function onlyReference(rest: readonly string[]): string {
  const [reference] = rest;
  if (reference === undefined || rest.length > 1)
    throw new AppError('usage', `expected one reference after an image on disk, found ${rest.length}`);
  parseReference(reference);
  return reference;
}
