import type { EcosystemCases } from './table.ts';

export const lua: EcosystemCases = { notYet: [] };
