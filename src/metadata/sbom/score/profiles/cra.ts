import { isReachable } from '../criterion.ts';
import type { Profile } from '../criterion.ts';
import { componentId, componentName, componentVersion, machineReadable, primary, timestamp } from './shared.ts';

/** The regulation asks for little in words; what makes a list of components usable for its other duties is recommended here. */
export const cra: Profile = {
  id: 'cra',
  name: 'EU Cyber Resilience Act',
  source: 'Regulation (EU) 2024/2847, annex I part II (1)',
  groups: [
    {
      name: 'required',
      weight: 3,
      criteria: [
        machineReadable,
        primary,
        {
          id: 'top-level-dependencies',
          of: 'document',
          wants: 'at least what the product needs directly',
          fix: 'write the dependencies of the primary component',
          weight: 1,
          required: true,
          judge: ({ components: [first] }) =>
            first?.isPrimary === true && ((first.dependsOn ?? []).length > 0 || first.completeness === 'complete'),
        },
        componentName,
      ],
    },
    {
      name: 'recommended',
      weight: 1,
      criteria: [
        { ...componentVersion, required: undefined },
        { ...componentId, required: undefined },
        { ...timestamp, required: undefined },
        {
          id: 'contact',
          of: 'document',
          wants: 'an e-mail address or URL of who made the document or the product',
          fix: 'give the author or the manufacturer an address',
          weight: 1,
          judge: ({ authors, suppliers, components: [first] }) =>
            isReachable([...authors, ...suppliers, ...(first?.isPrimary === true ? first.creators : [])]),
        },
      ],
    },
  ],
};
