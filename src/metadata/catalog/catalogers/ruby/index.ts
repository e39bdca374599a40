/** Ruby: what is installed before what a project wants. */
import type { Cataloger } from '../../cataloger.ts';
import { gemfileLock } from './gemfile-lock.ts';
import { gemInstalled, gemProject } from './gemspec.ts';

export const rubyCatalogers: readonly Cataloger[] = [gemInstalled, gemfileLock, gemProject];
