export { evaluate, noMatchVerdict } from './evaluate.ts';
export type { Case } from './evaluate.ts';
export { parsePolicies, parseYamlDocuments } from './parse.ts';
export { listRequirements } from './policy.ts';
export type { Policy, PolicySubject, PublicKeyRef, Requirement, SubjectObject } from './policy.ts';
