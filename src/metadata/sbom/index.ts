export { parseSbom, parseSbomDocument, readSbom } from './parse.ts';
export { findSbomForm, sbomFormats, writeSbom } from './formats/index.ts';
export type { SbomForm } from './formats/index.ts';
export { pageAddress, repositoryAddress, tellablePlace, tellableText } from './address.ts';
export { parseSbomAuthor } from './author.ts';
export { BSI_PROPERTY } from './formats/bsi-facts.ts';
export { checkBsiForm, writeBsiSbom } from './formats/bsi.ts';
export { formatSbomTable } from './formats/table.ts';
export { formatSbomHtml } from './report/html.ts';
export { formatSbomTree } from './report/tree.ts';
export type { SbomFormat } from './formats/format.ts';
export { mergeComponents } from './merge-components.ts';
export { readHash } from './read.ts';
export { createValidator } from './validate.ts';
export type { LoadSchema, SbomFault, Validity } from './validate.ts';
export { findFaults } from './rules.ts';
export { listUnread } from './unread.ts';
export type { UnreadField } from './unread.ts';
export { findSbomProfile, sbomProfiles, scoreSbom } from './score/index.ts';
export type { CriterionScore, ProfileScore } from './score/score.ts';
export { mergeSboms } from './merge.ts';
export { findPlatform } from './read.ts';
export { diffSboms } from './diff.ts';
export type { ComponentChange, SbomDiff } from './diff.ts';
export { checkLicencePattern, judgeLicences, kindOfLicences, matchesPattern } from './licence-policy.ts';
export type { LicenceKind, LicenceOutcome, LicencePolicy, LicenceVerdict } from './licence-policy.ts';
export { isLicenceExpression, spdxLicenceName } from './licences.ts';
export { arrangeSbom, excludeBase, excludeDeleted, findLayer, findRoots, isHash, LAYER_SCOPES } from './sbom.ts';
export type {
  BaseImage,
  Component,
  ComponentKind,
  Dependency,
  Evidence,
  Hash,
  LayerMark,
  LayerScope,
  Location,
  Sbom,
  SbomAuthor,
  SbomLayer,
  SbomSubject,
  SbomTool,
  Scope,
} from './sbom.ts';
