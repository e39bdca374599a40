/** Packages of PEAR and PECL by their registry: `.registry/**.reg`, one serialised array each, below the channel that they are from. */
import { AppError } from '../../../../core/index.ts';
import { createFileCataloger } from '../../file-cataloger.ts';
import type { Reading } from '../../file-cataloger.ts';
import { parseSerialized } from './serialized.ts';
import type { PhpValue } from './serialized.ts';

export const pear = createFileCataloger({
  id: 'pear',
  evidence: 'installed-db',
  names: ['*.reg'],
  isChosen: (path) => /(?:^|\/)\.registry\//.test(path),
  maxBytes: 16 * 1024 * 1024,
  read,
});

function read({ content, file, finds }: Reading): void {
  const registered = parseSerialized(content, file.path);
  const version = textAt(registered, 'version', 'release') ?? textAt(registered, 'version');
  // version 1 of the format has the name as `package`
  const name = textAt(registered, 'name') ?? textAt(registered, 'package');
  if (name === undefined || version === undefined) {
    throw new AppError('invalid-input', `${file.path}: expected a name and a release, found neither`);
  }
  const channel = textAt(registered, 'channel') ?? /\/\.channel\.([^/]+)\//.exec(file.path)?.[1] ?? 'pear.php.net';
  const licence = textAt(registered, 'license', '_content') ?? textAt(registered, 'license');
  finds.add(file, {
    name,
    version,
    purl: { type: 'pear', namespace: channel, name, version },
    licences: licence === undefined || licence === '' ? [] : [licence],
  });
}

function textAt(value: PhpValue, ...keys: readonly string[]): string | undefined {
  let at: PhpValue | undefined = value;
  for (const key of keys) at = at instanceof Map ? at.get(key) : undefined;
  return typeof at === 'string' ? at : undefined;
}
