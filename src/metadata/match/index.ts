export { applyVex } from './apply-vex.ts';
export { matchSbom } from './match.ts';
export type { MatchOptions, MatchResult, Unjudged } from './match.ts';
export { matchesPurl, matchesSubject } from './products.ts';
export { readVex } from './vex.ts';
export type { VexProduct, VexStatement, VexStatus } from './vex.ts';
