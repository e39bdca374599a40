import { isNamed } from '../criterion.ts';
import type { Profile } from '../criterion.ts';
import {
  componentId,
  componentName,
  componentVersion,
  dependencies,
  machineReadable,
  supplier,
  timestamp,
} from './shared.ts';

/** The seven data fields and the automation support of the minimum elements. */
export const ntia: Profile = {
  id: 'ntia',
  name: 'NTIA minimum elements',
  source: 'The Minimum Elements For a Software Bill of Materials, 2021-07-12',
  groups: [
    {
      name: 'minimum elements',
      weight: 1,
      criteria: [
        machineReadable,
        {
          id: 'author',
          of: 'document',
          wants: 'who made the document; the program where nobody else is named',
          fix: 'name the author of the document',
          weight: 1,
          required: true,
          judge: ({ authors, tools }) => isNamed(authors) || tools.length > 0,
        },
        timestamp,
        supplier,
        componentName,
        componentVersion,
        componentId,
        dependencies,
      ],
    },
  ],
};
