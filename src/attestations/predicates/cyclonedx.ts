import { object, oneOf, optional, string } from '../../core/index.ts';
import { jsonFromFile, keeping, withVersions } from './predicate.ts';
import type { Predicate } from './predicate.ts';

/** A CycloneDX document as JSON. */
const decode = keeping(object({ bomFormat: optional(oneOf('CycloneDX')), specVersion: string }));

export const cyclonedx: Predicate = {
  shortNames: ['cyclonedx'],
  type: 'https://cyclonedx.org/bom',
  accepts: withVersions('https://cyclonedx.org/bom'),
  decode,
  fromFile: jsonFromFile(decode),
};
