import { areListed, isNamed } from '../criterion.ts';
import type { Profile } from '../criterion.ts';
import {
  componentId,
  componentName,
  componentVersion,
  dependencies,
  machineReadable,
  supplier,
  timestamp,
  toolName,
} from './shared.ts';

export const cisa: Profile = {
  id: 'cisa',
  name: 'CISA minimum elements',
  source: '2025 Minimum Elements for a Software Bill of Materials, draft of 2025-08',
  groups: [
    {
      name: 'minimum elements',
      weight: 1,
      criteria: [
        machineReadable,
        {
          id: 'author',
          of: 'document',
          wants: 'who made the document: a person or an organization, not a program',
          fix: 'name the author of the document',
          weight: 1,
          required: true,
          judge: ({ authors }) => isNamed(authors),
        },
        toolName,
        timestamp,
        {
          id: 'generation-context',
          of: 'document',
          wants: 'whether it was made before, during or after the build',
          fix: 'write metadata.lifecycles in CycloneDX, sbomType in SPDX 3',
          weight: 1,
          required: true,
          judge: ({ lifecycles }) => lifecycles !== undefined && lifecycles.length > 0,
        },
        { ...supplier, id: 'producer', wants: 'who produces it' },
        componentName,
        componentVersion,
        componentId,
        {
          id: 'component-hash',
          of: 'component',
          wants: 'a checksum',
          fix: 'add checksums of the files delivered',
          weight: 1,
          required: true,
          judge: ({ checksums, deployableChecksums }) => checksums.length + deployableChecksums.length > 0,
        },
        {
          id: 'licence',
          of: 'component',
          wants: 'a licence of the SPDX list, or a reference of its own',
          fix: 'write licences as SPDX expressions',
          weight: 1,
          required: true,
          judge: ({ licences }) => areListed(licences),
        },
        dependencies,
      ],
    },
  ],
};
