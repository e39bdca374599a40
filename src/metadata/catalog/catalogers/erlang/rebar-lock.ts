/** `rebar.lock` of Erlang's rebar3: packages of Hex with the hashes of their archives, and repositories. Levels are not edges. */
import { AppError } from '../../../../core/index.ts';
import { textOf as decode } from '../../components.ts';
import { createFileCataloger } from '../../file-cataloger.ts';
import type { Reading } from '../../file-cataloger.ts';
import { gitPackage, hexPackage } from './hex.ts';
import { itemsOf, parseTerms, textOf, valueOf } from './terms.ts';

export const rebarLock = createFileCataloger({ id: 'rebar-lock', evidence: 'lock', names: ['rebar.lock'], read });

function read({ content, file, finds }: Reading): void {
  const [lock, details] = parseTerms(decode(content), file.path);
  // without its version in the form of 2016 and before
  const packages = itemsOf(lock, 'tuple').length > 0 ? itemsOf(lock, 'tuple')[1] : lock;
  if (packages === undefined || typeof packages === 'string' || packages.kind !== 'list') {
    throw new AppError('invalid-input', `${file.path}: expected a list of packages, found something else`);
  }
  const hashes = itemsOf(valueOf(itemsOf(details, 'list'), 'pkg_hash_ext'), 'list');
  for (const entry of packages.items) {
    const [first, source] = itemsOf(entry, 'tuple');
    const name = textOf(first);
    const [kind, address, version] = itemsOf(source, 'tuple');
    const [text, place] = [textOf(version), textOf(address)];
    const commit = textOf(itemsOf(version, 'tuple')[1]);
    if (name === undefined || place === undefined) finds.skip(file, 'expected a package with its source, found none');
    else if (kind === 'pkg' && text !== undefined)
      finds.add(file, hexPackage(place, text, textOf(valueOf(hashes, name))));
    else if (kind === 'git' && commit !== undefined) finds.add(file, gitPackage(name, place, commit));
    else finds.skip(file, `expected a version or a commit of ${name.slice(0, 80)}, found neither`);
  }
}
