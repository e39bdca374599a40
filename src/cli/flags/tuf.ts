/** What the commands over TUF repositories share. */
import type { Published, Staged } from '../../app/tuf-repository.ts';
import type { Argument } from '../command.ts';

export const REPOSITORY_ARGUMENT = { name: 'DIR', description: 'folder of the repository' } as const satisfies Argument;

export function describeStaged({ folder, signatures, canPublish }: Staged): string {
  const lines = signatures.map(({ role, version, by, threshold, signed }) => {
    return `${role} ${version}: ${signed.length} of ${threshold} signatures by the keys of ${by}`;
  });
  const next = canPublish ? `plimsoll tuf publish ${folder} --key KEY` : `plimsoll tuf sign ${folder} --key KEY`;
  return [...lines, `next: ${next}`].join('\n');
}

export function describeRole({ role, version, expires }: Published['roles'][number]): string {
  return `${role}: version ${version}, expires ${expires.toISOString()}`;
}
