import { dirname, join } from 'node:path';
import { AppError } from '../core/index.ts';
import type { Ports } from '../core/index.ts';
import { openGraph } from '../graph/index.ts';
import type { Graph } from '../graph/index.ts';

/** Where the graph is kept unless told otherwise. */
export function defaultGraphPath(ports: Ports): string {
  return join(ports.settings.dataDir, 'graph.sqlite');
}

export async function openOrCreateGraph(ports: Ports, path: string): Promise<Graph> {
  await ports.files.makeFolder(dirname(path));
  return openGraph(path);
}

/** Throws `not-found` where no server has kept a graph yet: an empty answer would read as "nothing is affected". */
export async function openExistingGraph(ports: Ports, path: string): Promise<Graph> {
  if ((await ports.files.stat(path)) === undefined) {
    throw new AppError('not-found', `${path}: expected an evidence graph, found nothing`, {
      hint: 'plimsoll serve keeps one; --graph names another file',
    });
  }
  return openGraph(path);
}
