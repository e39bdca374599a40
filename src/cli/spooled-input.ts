/** Standard input where an archive is expected: archives are read here and there, so it is kept on the disk meanwhile. */
import { join } from 'node:path';
import type { Context } from './command.ts';

/** `named` is a source as words name it; for `-` the action gets a file with standard input, which is gone afterwards. */
export async function withInput<T>(
  { ports, streamInput }: Pick<Context, 'ports' | 'streamInput'>,
  named: string,
  action: (source: string) => Promise<T>,
): Promise<T> {
  if (named !== '-') return await action(named);
  const path = join(ports.settings.cacheDir, `input-${Buffer.from(ports.random(8)).toString('hex')}.tar.gz`);
  try {
    await ports.files.append(path, streamInput());
    return await action(path);
  } finally {
    await ports.files.remove(path);
  }
}
