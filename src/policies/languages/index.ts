import { clusterImagePolicy } from './cip.ts';
import type { PolicyLanguage } from './language.ts';

export type { PolicyDocument, PolicyLanguage, PolicyPlan } from './language.ts';
export { isTrustRoot, readTrustRoot } from './trust-root.ts';

export const policyLanguages: readonly PolicyLanguage[] = [clusterImagePolicy];
