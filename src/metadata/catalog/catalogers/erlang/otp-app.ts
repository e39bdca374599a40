/** Applications of OTP as installed: `ebin/*.app` (erlang.org, app(4)), with the applications that each needs. */
import { AppError } from '../../../../core/index.ts';
import { textOf as decode } from '../../components.ts';
import { createFileCataloger } from '../../file-cataloger.ts';
import type { Reading } from '../../file-cataloger.ts';
import { itemsOf, parseTerms, textOf, valueOf } from './terms.ts';

export const otpApplication = createFileCataloger({
  id: 'otp-application',
  evidence: 'installed-metadata',
  names: ['*.app'],
  isChosen: (path) => /(?:^|\/)ebin\/[^/]+\.app$/.test(path),
  maxBytes: 4 * 1024 * 1024,
  read,
});

function read({ content, file, finds, link }: Reading): void {
  const [application] = parseTerms(decode(content), file.path);
  const [kind, first, properties] = itemsOf(application, 'tuple');
  const [name, fields] = [textOf(first), itemsOf(properties, 'list')];
  const version = textOf(valueOf(fields, 'vsn'));
  if (kind !== 'application' || name === undefined || version === undefined) {
    throw new AppError('invalid-input', `${file.path}: expected an application with its version`);
  }
  const component = finds.add(file, { name, version, purl: { type: 'otp', name, version } });
  const needs = ['applications', 'included_applications'].flatMap((key) => itemsOf(valueOf(fields, key), 'list'));
  // all applications that one system can start lie in one tree
  link({ component, within: '', name, needs: needs.flatMap((need) => textOf(need) ?? []) });
}
