/** Python packages in one file: wheels and zipped eggs. */
import { AppError } from '../../../../core/index.ts';
import { archiveTexts, readArchiveTexts } from '../../archive-texts.ts';
import { SKIP } from '../../cataloger.ts';
import type { Cataloger } from '../../cataloger.ts';
import { catalogFiles } from '../../components.ts';
import { isFixture } from '../../paths.ts';
import { addPackage, parseMetadata } from './metadata.ts';

/** An egg may carry others' metadata below its own folder. */
const ARCHIVE = archiveTexts('python-archive', /^(?:[^/]+\.dist-info\/METADATA|EGG-INFO\/PKG-INFO)$/);

export const pythonArchive: Cataloger = {
  id: 'python-archive',
  evidence: 'installed',
  names: ['*.egg', '*.whl'],
  select: ({ path }) => (isFixture(path) ? SKIP : ARCHIVE),
  catalog: async (tree, files, context) =>
    await catalogFiles(
      files,
      { tree, context, finder: { foundBy: 'python-archive', evidence: 'installed-metadata' } },
      (content, file, finds) => {
        const { texts, damage } = readArchiveTexts(content, file.path);
        if (damage !== undefined) throw new AppError('invalid-input', `${file.path}: ${damage}`);
        for (const [path, text] of texts) addPackage(finds, file, parseMetadata(text, `${file.path}:${path}`));
      },
    ),
};
