import { rotateSignatures, type Rotation } from '../../app/rotate.ts';
import { defineCommand } from '../command.ts';
import {
  readSigner,
  SIGN_COMPATIBILITY_FLAGS,
  SIGNED_IMAGE_FLAGS,
  signedImageAccessOf,
  SIGNING_FLAGS,
} from '../flags/trust.ts';

export const rotate = defineCommand({
  name: 'rotate',
  group: 'trust',
  summary: 'sign anew, with another key, what an old key signed in a repository',
  description:
    'Of every tag, and every image of its index: signatures and attestations that verify by the old key are signed by the new one, in the ' +
    'same storage form, with the same claims, statements byte for byte. What the new key signed already is not signed again, so a run ' +
    'that broke off goes on. Signatures by the old key stay; images without a tag cannot be found, for registries do not list them.',
  args: [{ name: 'REPOSITORY', description: 'repository, or one image of it' }],
  flags: {
    ...SIGNING_FLAGS,
    'old-key': { kind: 'string', required: true, value: 'KEY', description: 'public half of the key that is to go' },
    'dry-run': { kind: 'boolean', description: 'say what would be signed, and sign nothing' },
    ...SIGNED_IMAGE_FLAGS,
    ...SIGN_COMPATIBILITY_FLAGS,
  },
  transfers: true,
  examples: [
    { command: 'plimsoll rotate --old-key old.pub --key new.key localhost:5000/app', explains: 'the whole repository' },
    {
      command: 'plimsoll rotate --dry-run --old-key old.pub --key new.key localhost:5000/app:v1',
      explains: 'what would be signed of one image',
    },
  ],
  async run({ args: [reference = ''], flags }, context) {
    const { 'old-key': oldKey, 'dry-run': dryRun } = flags;
    const input = {
      reference,
      oldKey,
      dryRun,
      ...readSigner(flags, context),
      ...(await signedImageAccessOf(flags, context)),
    };
    const rotation = await rotateSignatures(context.ports, input, context.signal);
    context.output.result(rotation, textOf(rotation, dryRun));
    return 0;
  },
});

function textOf({ rotated, others, oldKeyId, newKeyId }: Rotation, dryRun: boolean): string {
  const lines = rotated.map(({ reference, tags, signatures, attestations, done }) => {
    const named = tags.length === 0 ? reference : `${reference} (${tags.join(', ')})`;
    return `${named}: ${signatures} signatures, ${attestations} attestations${done === 0 ? '' : `, ${done} done before`}`;
  });
  const remaining = others.map((reference) => `not signed by the old key: ${reference}`);
  const verb = dryRun ? 'to be signed' : 'signed';
  return [`${verb} by ${newKeyId} in place of ${oldKeyId}:`, ...lines, ...remaining].join('\n');
}
