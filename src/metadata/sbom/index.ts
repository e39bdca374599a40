export { parseSbom, parseSbomDocument, readSbom } from './parse.ts';
export { findSbomForm, sbomFormats, writeSbom } from './formats/index.ts';
export type { SbomForm } from './formats/index.ts';
export { formatSbomTable } from './formats/table.ts';
export type { SbomFormat } from './formats/format.ts';
export { findLicenceId, isLicenceExpression } from './licences.ts';
export { arrangeSbom, EVIDENCE, findRoots } from './sbom.ts';
export type {
  Component,
  ComponentKind,
  Dependency,
  Evidence,
  Hash,
  LayerMark,
  Location,
  Sbom,
  SbomSubject,
  SbomTool,
  Scope,
} from './sbom.ts';
