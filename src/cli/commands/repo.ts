import type { Command } from '../command.ts';
import { catalog } from './catalog.ts';
import { ls } from './ls.ts';

/** The same as catalog and ls under the names that oras has for them. */
export const repoLs: Command = {
  ...catalog,
  name: 'repo ls',
  examples: [{ command: 'plimsoll repo ls registry.example.com', explains: 'one repository per line' }],
};

export const repoTags: Command = {
  ...ls,
  name: 'repo tags',
  examples: [{ command: 'plimsoll repo tags registry.example.com/team/app', explains: 'one tag per line' }],
};
