import { arrayOf, object, record, string } from '../../core/index.ts';
import { jsonFromFile, keeping, withVersions } from './predicate.ts';
import type { Predicate } from './predicate.ts';

/** An OpenVEX document. */
const decode = keeping(object({ '@context': string, statements: arrayOf(record) }));

export const openvex: Predicate = {
  shortNames: ['openvex'],
  type: 'https://openvex.dev/ns',
  accepts: withVersions('https://openvex.dev/ns'),
  decode,
  fromFile: jsonFromFile(decode),
};
