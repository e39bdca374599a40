/** How modules of Go are spelt. */
import type { PurlParts } from '../../../ecosystem/index.ts';

export function goPurl(path: string, version: string): PurlParts {
  const slash = path.lastIndexOf('/');
  return {
    type: 'golang',
    namespace: slash < 0 ? undefined : path.slice(0, slash),
    name: path.slice(slash + 1),
    version,
  };
}
