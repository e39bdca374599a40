import { findManifestImages } from '../../app/manifest-images.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand, type Context } from '../command.ts';
import { runVerification, VERIFY_FLAGS } from './verify.ts';

/** Manifests are written by people, or by programs for people. */
const MAX_BYTES = 64 * 1024 * 1024;

const { 'local-image': _, ...FLAGS } = VERIFY_FLAGS;
export const LISTED_IMAGES_FLAGS = FLAGS;

export const manifestVerify = defineCommand({
  name: 'manifest verify',
  group: 'trust',
  summary: 'verify signatures of all images that Kubernetes manifests name',
  description:
    'Pods, workloads of all kinds, lists, and whatever else holds a pod spec; init and ephemeral containers and image volumes too. ' +
    'Several documents in a file are fine. Exit codes are those of verify; the worst of them decides.',
  args: [{ name: 'FILE', description: 'YAML or JSON; - for standard input', repeated: true }],
  flags: LISTED_IMAGES_FLAGS,
  examples: [
    { command: 'plimsoll manifest verify --key cosign.pub deployment.yaml', explains: 'every image must be signed' },
    { command: 'plimsoll manifest verify --key cosign.pub - < rendered.yaml', explains: 'of a rendered chart' },
  ],
  async run({ args, flags }, context) {
    const images = new Set<string>();
    for (const file of args)
      for (const image of findManifestImages(await readText(context, file), file)) images.add(image);
    return await verifyListed([...images], flags, context);
  },
});

/** A file that names no images is most likely the wrong one. */
export async function verifyListed(
  images: readonly string[],
  flags: Omit<Parameters<typeof runVerification>[1], 'local-image'>,
  context: Context,
): Promise<number> {
  if (images.length === 0) throw new AppError('invalid-input', 'expected images to verify, found none');
  context.output.note(`images: ${images.join(', ')}`);
  return await runVerification(images, { ...flags, 'local-image': false }, context);
}

export async function readText(context: Context, file: string): Promise<string> {
  const bytes = file === '-' ? await context.readInput(MAX_BYTES) : await context.ports.files.read(file, MAX_BYTES);
  return new TextDecoder().decode(bytes);
}
