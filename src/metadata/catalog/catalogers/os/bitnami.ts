/**
 * Components of Bitnami's images: the SPDX document beside each, and the list of older images. What else such a document names, such
 * as the modules of a program, is found where it lies.
 */
import { decodeJson, mapOf, object, optional, string } from '../../../../core/index.ts';
import { findPurl } from '../../../ecosystem/index.ts';
import { addDocument } from '../../embedded/document.ts';
import { createFileCataloger } from '../../file-cataloger.ts';

const LIST = /(?:^|\/)opt\/bitnami\/\.bitnami_components\.json$/;
const DOCUMENT = /(?:^|\/)opt\/bitnami\/(?:[^/]+\/)*\.spdx-[^/]+\.spdx$/;

const decodeList = mapOf(
  object({ version: string, arch: optional(string), distro: optional(string), digest: optional(string) }),
);

export const bitnami = createFileCataloger({
  id: 'bitnami',
  evidence: 'installed-metadata',
  names: ['.bitnami_components.json', '*.spdx'],
  isChosen: (path) => LIST.test(path) || DOCUMENT.test(path),
  read: (reading) => {
    const { content, file, finds } = reading;
    if (DOCUMENT.test(file.path)) {
      addDocument(reading, ({ purl }) => findPurl(purl ?? '')?.type === 'bitnami');
      return;
    }
    for (const [name, { version, arch, distro, digest }] of Object.entries(
      decodeJson(content, decodeList, { what: file.path }),
    )) {
      finds.add(file, {
        name,
        version,
        purl: { type: 'bitnami', name, version, qualifiers: { arch, distro } },
        supplier: 'Bitnami',
        hashes: /^[0-9a-f]{64}$/.test(digest ?? '') ? [{ algorithm: 'sha256', value: digest ?? '' }] : [],
      });
    }
  },
});
