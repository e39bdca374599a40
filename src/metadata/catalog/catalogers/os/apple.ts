/** Application bundles of macOS, from their property list. Not read: the binary form of property lists, which is said to be skipped. */
import { AppError, parseXml } from '../../../../core/index.ts';
import { textOf } from '../../components.ts';
import { createFileCataloger, MAX_FILE_BYTES } from '../../file-cataloger.ts';

/** Apple's own, which every list names and which declares nothing that a list may use. */
const DOCTYPE = /<!DOCTYPE plist PUBLIC "[^"]*" "[^"]*">/;

export const apple = createFileCataloger({
  id: 'apple',
  evidence: 'installed-metadata',
  names: ['Info.plist'],
  isChosen: (path) => path.endsWith('.app/Contents/Info.plist'),
  read: ({ content, file, finds }) => {
    const root = parseXml(textOf(content).replace(DOCTYPE, ''), { what: file.path, maxLength: MAX_FILE_BYTES });
    const entries = root.children[0]?.children ?? [];
    const fields = new Map(
      entries.flatMap(({ name, text }, index) => (name === 'key' ? [[text, entries[index + 1]?.text] as const] : [])),
    );
    const name = fields.get('CFBundleName') ?? fields.get('CFBundleDisplayName');
    const version = fields.get('CFBundleShortVersionString') ?? fields.get('CFBundleVersion');
    if (name === undefined || version === undefined) {
      throw new AppError(
        'invalid-input',
        `${file.path}: expected the name and version of a bundle, found ${[...fields.keys()].join(' ')}`,
      );
    }
    const id = fields.get('CFBundleIdentifier');
    finds.add(file, {
      name,
      version,
      kind: 'application',
      properties: id === undefined ? {} : { 'apple:bundleIdentifier': id },
    });
  },
});
