export { evaluate, noMatchVerdict } from './evaluate.ts';
export type { Case } from './evaluate.ts';
export { parsePolicies, parseYamlDocuments } from './parse.ts';
export { listRequirements, signerId } from './policy.ts';
export type {
  KeylessSigner,
  Policy,
  PolicySubject,
  PublicKeyRef,
  RequiredSigner,
  Requirement,
  SubjectObject,
} from './policy.ts';
