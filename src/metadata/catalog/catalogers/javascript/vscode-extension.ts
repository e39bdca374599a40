/** Extensions of Visual Studio Code (`.vsix`): the npm packages that an extension carries. */
import { AppError } from '../../../../core/index.ts';
import { archiveTexts, readArchiveTexts } from '../../archive-texts.ts';
import type { Cataloger } from '../../cataloger.ts';
import { catalogFiles, trying } from '../../components.ts';
import { MANIFEST, readManifest } from './npm-installed.ts';

const EXTENSION = archiveTexts('vsix', MANIFEST);

export const vscodeExtension: Cataloger = {
  id: 'vscode-extension',
  evidence: 'installed',
  names: ['*.vsix'],
  select: () => EXTENSION,
  catalog: async (tree, files, context) =>
    await catalogFiles(
      files,
      { tree, context, finder: { foundBy: 'vscode-extension', evidence: 'installed-metadata' } },
      async (content, file, finds) => {
        const { texts, damage } = readArchiveTexts(content, file.path);
        if (damage !== undefined) throw new AppError('invalid-input', `${file.path}: ${damage}`);
        for (const [path, text] of texts) {
          await trying(`${file.path}:${path}`, finds.skipped, () => void readManifest(Buffer.from(text), file, finds));
        }
      },
    ),
};
