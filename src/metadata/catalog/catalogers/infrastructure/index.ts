/** What builds and deploys: actions of workflows, providers of infrastructure. */
import type { Cataloger } from '../../cataloger.ts';
import { githubActions } from './github-actions.ts';
import { terraformLock } from './terraform-lock.ts';

export const infrastructureCatalogers: readonly Cataloger[] = [githubActions, terraformLock];
