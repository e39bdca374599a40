/** .NET programs in a single file: what their own `*.deps.json` says. */
import { SKIP } from '../../cataloger.ts';
import type { Cataloger } from '../../cataloger.ts';
import { catalogFiles } from '../../components.ts';
import { EXECUTABLE, mayRun, readFacts } from '../../executable/executable.ts';
import { readDepsJson } from './deps-json.ts';

/** The host alone has more. */
const MIN_BYTES = 64 * 1024;

export const dotnetBundle: Cataloger = {
  id: 'dotnet-bundle',
  evidence: 'installed',
  names: ['+x'],
  select: (file) => (mayRun(file) && file.size >= MIN_BYTES ? EXECUTABLE : SKIP),
  catalog: async (tree, files, context) =>
    await catalogFiles(
      files,
      { tree, context, finder: { foundBy: 'dotnet-bundle', evidence: 'binary' } },
      (condensed, file, finds) => {
        const deps = readFacts(condensed, file.path, 'dotnet-bundle');
        if (typeof deps === 'string') readDepsJson({ content: Buffer.from(deps), file, finds });
      },
    ),
};
