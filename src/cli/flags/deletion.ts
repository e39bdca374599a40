/** Deletions ask before they act, as oras does. */
import type { Deletion, DeletionInput } from '../../app/delete-content.ts';
import { AppError, type Ports } from '../../core/index.ts';
import type { CommandInput, Context } from '../command.ts';
import { readAccess, REGISTRY_FLAGS } from './registry.ts';

export const DELETION_FLAGS = {
  ...REGISTRY_FLAGS,
  force: { kind: 'boolean', short: 'f', description: 'do not ask, and take what is not there for deleted' },
  descriptor: { kind: 'boolean', description: 'print the descriptor as JSON' },
} as const;

export async function runDeletion(
  prepare: (ports: Ports, input: DeletionInput, signal: AbortSignal) => Promise<Deletion | undefined>,
  { args: [reference = ''], flags }: CommandInput<typeof DELETION_FLAGS>,
  context: Context,
): Promise<number> {
  const { ports, signal, output } = context;
  const access = await readAccess(flags, context);
  const deletion = await prepare(ports, { reference, access }, signal);
  if (deletion === undefined) {
    if (!flags.force) throw new AppError('not-found', `${reference}: nothing there to delete`);
    output.result({ reference, missing: true }, `Missing ${reference}`);
    return 0;
  }
  const { descriptor, dangling } = deletion;
  for (const name of dangling) output.note(`${name} refers to it and will dangle; plimsoll garbage finds it`);
  if (
    !flags.force &&
    !(await context.confirm(`Delete ${descriptor.digest} (${descriptor.mediaType}) and all its tags?`))
  ) {
    output.note('nothing was deleted');
    return 0;
  }
  await deletion.run();
  if (flags.descriptor) output.raw(`${JSON.stringify(descriptor)}\n`);
  else output.result({ reference, descriptor, dangling }, `Deleted ${reference}`);
  return 0;
}
