import { stringify } from 'yaml';

/**
 * SPDX YAML: the JSON in another spelling. Long texts stay on one line, so that they are read as they were; what readers of YAML 1.1 take for a
 * time or for a truth is quoted.
 */
export function writeSpdxYaml(document: Readonly<Record<string, unknown>>): string {
  return stringify(document, { lineWidth: 0, aliasDuplicateObjects: false, version: '1.1' });
}
