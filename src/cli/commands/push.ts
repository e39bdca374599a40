import { isLocalImage, pushFiles, pushImage } from '../../app/push-artifact.ts';
import { AppError, parseReference } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { readAccess, REGISTRY_FLAGS } from '../flags/registry.ts';
import { withInput } from '../spooled-input.ts';

export const push = defineCommand({
  name: 'push',
  group: 'artifacts',
  summary: 'push files as an artifact, or an image from the disk',
  description:
    'With an image (an OCI layout folder, a tar of one, a docker archive) pushes it as it is: plimsoll push PATH REF. ' +
    'With files makes an artifact of them: plimsoll push REF FILE[:MEDIA/TYPE]...',
  args: [
    { name: 'PATH|REF', description: 'image on disk (- is an archive on standard input), or where the files go' },
    { name: 'REF|FILE', description: 'where the image goes, or the files', repeated: true },
  ],
  transfers: true,
  flags: {
    ...REGISTRY_FLAGS,
    'artifact-type': { kind: 'string', value: 'TYPE', description: 'media type of the artifact made of files' },
    annotation: { kind: 'list', short: 'a', value: 'KEY=VALUE', description: 'annotation of the manifest' },
    subject: {
      kind: 'string',
      value: 'REF',
      description: 'artifact in the same repository that the new one refers to',
    },
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
    const isImage = first === '-' || (await isLocalImage(ports, first));
    const pushed = isImage
      ? await withInput(context, first, (source) =>
          pushImage(ports, { source, reference: onlyReference(rest), access }, signal),
        )
      : await pushFiles(
          context.ports,
          {
            reference: first,
            files: rest,
            artifactType: flags['artifact-type'],
            annotations: flags.annotation,
            subject: flags.subject,
            access,
          },
          context.signal,
        );
    context.output.result(pushed, pushed.reference);
    return 0;
  },
});

function onlyReference(rest: readonly string[]): string {
  const [reference] = rest;
  if (reference === undefined || rest.length > 1)
    throw new AppError('usage', `expected one reference after an image on disk, found ${rest.length}`);
  parseReference(reference);
  return reference;
}
