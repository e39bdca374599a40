export { compileCel } from './cel.ts';
export type { CelOutcome, CelProgram } from './cel.ts';
