export type { Advisory, AffectedPackage, Rating, VersionEvent, VersionRange } from './advisory.ts';
export { evaluate } from './evaluate.ts';
export type { Hit, VersionQuestion } from './evaluate.ts';
export { readAdvisories, readPack } from './read-advisories.ts';
export type { ReadAdvisories } from './read-advisories.ts';
export type { AdvisorySource } from './sources/source.ts';
export { openAdvisoryStore } from './store.ts';
export type {
  AdvisoryStore,
  ImportResult,
  PackageAdvisory,
  PackageName,
  StoredAdvisory,
  StoreStatus,
} from './store.ts';
