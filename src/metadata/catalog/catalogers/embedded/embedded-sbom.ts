/**
 * SBOMs that lie among the files: what a build left beside or inside what it built. Not taken from them: Wolfi's and Chainguard's one
 * document per package, which repeats the package database.
 */
import { addDocument } from '../../embedded/document.ts';
import { createFileCataloger } from '../../file-cataloger.ts';

const NAME =
  /(?:\.(?:spdx|cdx|bom)\.(?:json|xml)|\.spdx\.(?:ya?ml|rdf|rdf\.xml)|\.(?:spdx|cdx|rdf)|\.syft\.json|(?:^|\/)bom\.(?:json|xml))$/;
const FOLDER = /(?:^|\/)(?:layers\/sbom|opt\/docker\/sbom|META-INF\/sbom)\/.*\.json$/;
const REPEATED = /^var\/lib\/db\/sbom\/|(?:^|\/)opt\/bitnami\/.*\/\.spdx-[^/]+\.spdx$/;

export const embeddedSbom = createFileCataloger({
  id: 'embedded-sbom',
  evidence: 'installed-metadata',
  names: ['*.json', '*.xml', '*.yml', '*.yaml', '*.rdf', '*.spdx', '*.cdx'],
  isChosen: (path) => (NAME.test(path) || FOLDER.test(path)) && !REPEATED.test(path),
  read: (reading) => addDocument(reading),
});
