/** PHP: what is installed before what a project wants. */
import type { Cataloger } from '../../cataloger.ts';
import { composerInstalled, composerLock } from './composer.ts';
import { pear } from './pear.ts';
import { wordpressPlugin } from './wordpress.ts';

export const phpCatalogers: readonly Cataloger[] = [composerInstalled, pear, wordpressPlugin, composerLock];
