import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const shared = join(import.meta.dirname, '../../shared/data');
const tool = join(shared, 'unpack');

/** False on a clone that stands alone: tests over the large data sets then skip, saying so. */
export const hasSharedData = existsSync(tool);

/** Option for `test(name, option, fn)`: skips with a reason where the data sets are absent. */
export const needsSharedData = hasSharedData ? {} : { skip: 'the large data sets are not beside this clone' };

const folders = new Map<string, string>();

/** The folder of one unpacked data set. */
export function dataSet(name: string): string {
  const folder = folders.get(name) ?? join(execFileSync(tool, [name], { encoding: 'utf8' }).trim(), name);
  folders.set(name, folder);
  return folder;
}

/** The folder of advisory packs. */
export const advisoryPacks = join(shared, 'advisories');
