export { AppError, EXIT_NEGATIVE, httpStatusOf, toAppError } from './errors.ts';
export type { AppErrorOptions, ErrorKind } from './errors.ts';
export { runBounded } from './bounded.ts';
export { checkCertificates } from './certificates.ts';
export { algorithmOf, createHasher, digestOf, findDigest, hexOf, parseDigest } from './digest.ts';
export type { Digest, DigestAlgorithm, Hasher } from './digest.ts';
export type { Descriptor, Platform } from './descriptor.ts';
export {
  DEFAULT_TAG,
  DOCKER_HUB,
  formatReference,
  isTag,
  parseReference,
  parseRegistry,
  referenceWithDigest,
  targetOf,
} from './reference.ts';
export type { Reference } from './reference.ts';
export { exactly, formatRule, isMatch, parsePattern } from './identity.ts';
export type { IdentityRule, TextRule } from './identity.ts';
export { combineVerdicts } from './verdict.ts';
export type { Outcome, Reason, Verdict } from './verdict.ts';
export type {
  Evidence,
  SignatureProof,
  Signer,
  Storage,
  Verification,
  VerifiedAttestation,
  VerifiedSignature,
} from './evidence.ts';
export { SEVERITIES } from './finding.ts';
export type { Finding, FindingComponent, FixState, Severity, Suppression } from './finding.ts';
export {
  anything,
  arrayOf,
  boolean,
  decodeJson,
  isRecord,
  mapOf,
  mismatch,
  natural,
  object,
  oneOf,
  optional,
  parseJson,
  parseShallowJson,
  record,
  recordsOf,
  strictObject,
  string,
} from './decode.ts';
export type { Decoder, JsonLimits } from './decode.ts';
export { untimed } from './steps.ts';
export type { Step, TimeStep } from './steps.ts';
export { resolveSettings, SETTINGS } from './settings.ts';
export type { SettingName, Settings, SettingSpec, SettingValues } from './settings.ts';
export type {
  Cache,
  CallGrpc,
  Clock,
  Condenser,
  Environment,
  FileEntry,
  FileRange,
  Files,
  FileSelector,
  FileStat,
  FileTree,
  FileVersion,
  GrpcCall,
  Http,
  HttpRequest,
  HttpResponse,
  HttpTls,
  LayerChange,
  LayerRef,
  LoadPackage,
  Log,
  Ports,
  Progress,
  ProgressEvent,
  Random,
  RunProgram,
  Selection,
  Serve,
  ServeOptions,
  SkippedFile,
  Threads,
  ThreadTask,
  WebClient,
  WebHandler,
  WebServer,
} from './ports.ts';
export { HEAD_BYTES } from './ports.ts';
export { condense, holdWhole } from './condenser.ts';
export { formatBytes } from './format-bytes.ts';
export { mapParallel } from './parallel.ts';
export { findPredicateType } from './predicate-types.ts';
export { pushAll } from './lists.ts';
export { compileRegexp, quoteRegexp } from './regexp.ts';
export type { Regexp, RegexpMatch } from './regexp.ts';
export { VERSION } from './version.ts';
export { VARIABLES } from './variables.ts';
export { escapeXml, parseXml } from './xml.ts';
export type { XmlElement, XmlLimits } from './xml.ts';
export { parseYamlDocuments, parseYamlTexts } from './yaml.ts';
export { findYamlPlace } from './yaml-place.ts';
export type { YamlPlace } from './yaml-place.ts';
