/** Packages of Google's Container-Optimized OS, from the list in its image. What was needed only to build it is not in it. */
import { arrayOf, decodeJson, object, optional, string } from '../../../../core/index.ts';
import { createFileCataloger } from '../../file-cataloger.ts';

const decode = object({
  installedPackages: optional(
    arrayOf(object({ name: string, version: string, category: optional(string), ebuild_version: optional(string) })),
  ),
});

export const cos = createFileCataloger({
  id: 'cos',
  evidence: 'installed-db',
  names: ['cos-package-info.json'],
  isChosen: (path) => path === 'etc/cos-package-info.json',
  read: ({ content, file, finds }) => {
    for (const { name, version, category, ebuild_version } of decodeJson(content, decode, { what: file.path })
      .installedPackages ?? []) {
      finds.add(file, {
        name,
        version,
        purl: { type: 'cos', name, version },
        properties: {
          ...(category === undefined ? {} : { 'cos:category': category }),
          ...(ebuild_version === undefined ? {} : { 'cos:ebuildVersion': ebuild_version }),
        },
      });
    }
  },
});
