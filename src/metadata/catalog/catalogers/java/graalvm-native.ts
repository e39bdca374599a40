/** Programs that GraalVM compiled from Java, by the SBOM that is in them where it was asked for. */
import { SKIP } from '../../cataloger.ts';
import type { Cataloger } from '../../cataloger.ts';
import { catalogFiles } from '../../components.ts';
import { addDocument } from '../../embedded/document.ts';
import { EXECUTABLE, mayRun, readFacts } from '../../executable/executable.ts';

/** No native image is smaller. */
const MIN_BYTES = 1024 * 1024;

export const graalvmNative: Cataloger = {
  id: 'graalvm-native',
  evidence: 'installed',
  names: ['+x', '*.so'],
  select: (file) => ((mayRun(file) || file.path.endsWith('.so')) && file.size >= MIN_BYTES ? EXECUTABLE : SKIP),
  catalog: async (tree, files, context) =>
    await catalogFiles(
      files,
      { tree, context, finder: { foundBy: 'graalvm-native', evidence: 'binary' } },
      (content, file, finds) => {
        const document = readFacts(content, file.path, 'graalvm');
        if (typeof document === 'string') addDocument({ content: Buffer.from(document), file, finds });
      },
    ),
};
