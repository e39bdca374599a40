import { clusterImagePolicy } from './cip.ts';
import type { PolicyLanguage } from './language.ts';

export type { PolicyDocument, PolicyLanguage } from './language.ts';

export const policyLanguages: readonly PolicyLanguage[] = [clusterImagePolicy];
