export { compileCel } from './cel/cel.ts';
export type { CelOutcome, CelProgram } from './cel/cel.ts';
export { compileCue } from './cue/cue.ts';
export type { CueError, CueOutcome, CueProgram } from './cue/cue.ts';
export { compileRego, RegoDocument } from './rego/program.ts';
export type { RegoBindings, RegoInput, RegoModule, RegoOptions, RegoOutcome, RegoProgram } from './rego/program.ts';
