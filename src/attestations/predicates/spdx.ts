import { object, string } from '../../core/index.ts';
import { jsonFromFile, keeping, withVersions } from './predicate.ts';
import type { Predicate } from './predicate.ts';

/** An SPDX document as JSON: version 2 has spdxVersion, version 3 is JSON-LD with @context. */
const decode = keeping((value, path) =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, '@context')
    ? keeping(() => undefined)(value, path)
    : object({ spdxVersion: string })(value, path),
);

export const spdx: Predicate = {
  shortNames: ['spdxjson', 'spdx'],
  type: 'https://spdx.dev/Document',
  accepts: withVersions('https://spdx.dev/Document'),
  decode,
  fromFile: jsonFromFile(decode),
};
