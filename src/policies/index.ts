export { evaluate, noMatchVerdict } from './evaluate.ts';
export { compileGlob } from './glob.ts';
export type { ImageGlob } from './glob.ts';
export type { Case } from './evaluate.ts';
export { parsePolicies, readPolicyDocuments, readPolicySet } from './parse.ts';
export type { PolicySet } from './parse.ts';
export type { PolicyDocument, PolicyPlan } from './languages/index.ts';
export { listRequirements } from './policy.ts';
export type {
  KeylessSigner,
  KeySigner,
  LogDemand,
  Policy,
  PolicySubject,
  RequiredSigner,
  Requirement,
  SignatureSource,
  SubjectObject,
} from './policy.ts';
export { describeNeed } from './resources.ts';
export { decodeSelector } from './selector.ts';
export type { LabelSelector } from './selector.ts';
export type { Need, PolicyResources, TrustRootDefinition, TrustRootRef, TrustRootServices } from './resources.ts';
