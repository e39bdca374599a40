export type {
  ComponentFact,
  ComponentNode,
  DocumentFact,
  Graph,
  GraphStatus,
  PackageName,
  VerdictFact,
  WorkloadFact,
  WorkloadNode,
} from './graph.ts';
export { openGraph } from './sqlite.ts';
