/** Applications that Flatpak installed, from the AppStream metadata that each exports. */
import { AppError, parseXml } from '../../../../core/index.ts';
import type { XmlElement } from '../../../../core/index.ts';
import { textOf } from '../../components.ts';
import { createFileCataloger, MAX_FILE_BYTES } from '../../file-cataloger.ts';

export const flatpak = createFileCataloger({
  id: 'flatpak',
  evidence: 'installed-metadata',
  names: ['*.xml'],
  isChosen: (path) => /(?:^|\/)flatpak\/app\/.+\/export\/share\/metainfo\/[^/]+\.xml$/.test(path),
  read: ({ content, file, finds }) => {
    const root = parseXml(textOf(content), { what: file.path, maxLength: MAX_FILE_BYTES });
    const id = textIn(root, 'id');
    const version = find(find(root, 'releases'), 'release')?.attributes.version;
    if (id === undefined || version === undefined) {
      throw new AppError(
        'invalid-input',
        `${file.path}: expected an id and the version of a release, found neither or one`,
      );
    }
    const supplier = textIn(root, 'developer_name') ?? textIn(find(root, 'developer'), 'name');
    const licence = textIn(root, 'project_license');
    finds.add(file, {
      name: id,
      version,
      kind: 'application',
      purl: { type: 'flatpak', name: id, version },
      licences: licence === undefined ? [] : [licence],
      ...(supplier === undefined ? {} : { supplier }),
    });
  },
});

const LANGUAGE = '{http://www.w3.org/XML/1998/namespace}lang';

/** The first child of this name that is in no other language. */
function find(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((child) => child.name === name && child.foreign[LANGUAGE] === undefined);
}

function textIn(element: XmlElement | undefined, name: string): string | undefined {
  const text = find(element, name)?.text.trim();
  return text === '' ? undefined : text;
}
