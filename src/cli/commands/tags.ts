import type { Command } from '../command.ts';
import { ls } from './ls.ts';

/** The same under the name that the specification has for it. */
export const tags: Command = {
  ...ls,
  name: 'tags',
  examples: [{ command: 'plimsoll tags registry.example.com/team/app', explains: 'one tag per line' }],
};
