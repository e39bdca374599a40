/** WordPress plug-ins by the header of their main file (developer.wordpress.org, "Header Requirements"), which lies in the first 8 KiB. */
import { holdWhole } from '../../../../core/index.ts';
import { textOf } from '../../components.ts';
import { createFileCataloger } from '../../file-cataloger.ts';
import type { Reading } from '../../file-cataloger.ts';

const PLUGIN = /(?:^|\/)wp-content\/plugins\/([^/]+)\/[^/]+\.php$/;
/** WordPress itself reads no more of a file. */
const HEADER_BYTES = 8192;
const MAX_BYTES = 16 * 1024 * 1024;

export const wordpressPlugin = createFileCataloger({
  id: 'wordpress-plugin',
  evidence: 'installed-metadata',
  names: ['*.php'],
  isChosen: (path) => PLUGIN.test(path),
  choice: {
    kind: 'condense',
    id: 'wordpress-header',
    maxBytes: MAX_BYTES,
    open: (_, size) => holdWhole(size, (content) => content.subarray(0, HEADER_BYTES)),
  },
  read,
});

function read({ content, file, finds }: Reading): void {
  const header = textOf(content);
  const field = (name: string) =>
    new RegExp(`^(?:[ \\t/*#@]|<\\?php)*${name}:(.*)$`, 'im')
      .exec(header)?.[1]
      ?.replace(/\s{0,8}(?:\*\/|\?>).*$/, '')
      .trim();
  const [title, version = ''] = [field('Plugin Name'), field('Version')];
  // other files of a plug-in have no header
  if (title === undefined || title === '') return;
  const slug = PLUGIN.exec(file.path)?.[1] ?? title;
  const [supplier, licence] = [field('Author'), field('License')];
  finds.add(file, {
    name: slug,
    version,
    purl: { type: 'wordpress-plugin', name: slug, version },
    licences: licence === undefined || licence === '' ? [] : [licence],
    ...(supplier === undefined || supplier === '' ? {} : { supplier }),
    properties: { 'wordpress:pluginName': title },
  });
}
