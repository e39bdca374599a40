import { stringify } from 'yaml';

/** SPDX YAML: the JSON in another spelling. Long texts stay on one line, so that they are read as they were. */
export function writeSpdxYaml(document: Readonly<Record<string, unknown>>): string {
  return stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
}
