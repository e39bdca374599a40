/**
 * ClusterImagePolicy (policy.sigstore.dev/v1alpha1 and v1beta1): globs, match with label selectors, key, keyless and static
 * authorities, attestations with CEL conditions, enforce and warn.
 * Not implemented, and refused by name: KMS and Secret keys, TrustRoot references, ctlog of keys, rfc3161timestamp, source,
 * signatureFormat, CUE and Rego, spec.policy.
 */
import {
  anything,
  AppError,
  arrayOf,
  findPredicateType,
  object,
  oneOf,
  optional,
  record,
  strictObject,
  string,
} from '../../core/index.ts';
import { compileGlob } from '../glob.ts';
import type { AttestationRule, Authority, Policy, SubjectObject } from '../policy.ts';
import { decodeSelector } from '../selector.ts';
import type { LabelSelector } from '../selector.ts';
import { compileCelCondition } from './cel-condition.ts';
import { decodeKey } from './key.ts';
import { decodeKeyless } from './keyless.ts';
import { requireOne } from './require-one.ts';
import type { PolicyDocument, PolicyLanguage } from './language.ts';

const GROUP = 'policy.sigstore.dev';

/** Resource names by kind: what `match` may speak of. */
const RESOURCES: ReadonlyMap<string, string> = new Map([
  ['Pod', 'pods'],
  ['ReplicaSet', 'replicasets'],
  ['Deployment', 'deployments'],
  ['StatefulSet', 'statefulsets'],
  ['DaemonSet', 'daemonsets'],
  ['Job', 'jobs'],
  ['CronJob', 'cronjobs'],
]);

const decodeDocument = strictObject({
  apiVersion: oneOf(`${GROUP}/v1alpha1`, `${GROUP}/v1beta1`),
  kind: oneOf('ClusterImagePolicy'),
  metadata: object({ name: string }),
  spec: strictObject({
    images: arrayOf(strictObject({ glob: string })),
    match: optional(
      arrayOf(
        strictObject({
          group: optional(string),
          version: optional(string),
          resource: optional(string),
          selector: optional(decodeSelector),
        }),
      ),
    ),
    authorities: optional(arrayOf(anything)),
    mode: optional(oneOf('enforce', 'warn')),
    policy: optional(record),
  }),
  status: optional(anything),
});

type Match = NonNullable<ReturnType<typeof decodeDocument>['spec']['match']>[number];

const decodeAuthority = strictObject({
  name: optional(string),
  key: optional(record),
  keyless: optional(record),
  static: optional(strictObject({ action: oneOf('pass', 'fail'), message: optional(string) })),
  source: optional(anything),
  ctlog: optional(anything),
  rfc3161timestamp: optional(anything),
  signatureFormat: optional(anything),
  attestations: optional(arrayOf(anything)),
});

const decodeAttestation = strictObject({
  name: string,
  predicateType: string,
  policy: optional(
    strictObject({
      type: oneOf('cel', 'cue', 'rego'),
      data: optional(string),
      configMapRef: optional(anything),
      remote: optional(anything),
    }),
  ),
});

export const clusterImagePolicy: PolicyLanguage = {
  name: 'ClusterImagePolicy',
  accepts: ({ value }) => String(value.apiVersion).startsWith(`${GROUP}/`) && value.kind === 'ClusterImagePolicy',
  compile: compilePolicy,
};

function compilePolicy({ value, where, version }: PolicyDocument): Policy {
  const { metadata, spec } = decodeDocument(value, where);
  if (spec.policy !== undefined) throw unsupported(`${where}.spec.policy`);
  if (spec.images.length === 0)
    throw new AppError('invalid-input', `${where}.spec.images: expected at least one glob, found none`);
  const globs = spec.images.map((image, index) => compileGlob(image.glob, `${where}.spec.images[${index}].glob`));
  const matches = (spec.match ?? []).map((match, index) => compileMatch(match, `${where}.spec.match[${index}]`));
  const authorities = (spec.authorities ?? []).map((authority, index) =>
    compileAuthority(authority, index, `${where}.spec.authorities[${index}]`),
  );
  if (authorities.length === 0)
    throw new AppError('invalid-input', `${where}.spec.authorities: expected at least one authority, found none`);
  refuseRepeatedNames(authorities, `${where}.spec.authorities`);
  return {
    name: metadata.name,
    mode: spec.mode ?? 'enforce',
    version,
    authorities,
    appliesTo: ({ reference, asWritten, object: candidate }) =>
      (matches.length === 0 || matches.some((match) => match(candidate))) &&
      globs.some((glob) => glob(reference, asWritten)),
  };
}

function compileMatch(match: Match, where: string): (candidate: SubjectObject) => boolean {
  const { resource } = match;
  if (resource === undefined || ![...RESOURCES.values()].includes(resource)) {
    throw new AppError(
      'invalid-input',
      `${where}.resource: expected one of ${[...RESOURCES.values()].join(', ')}, found "${resource ?? ''}"`,
    );
  }
  if (match.version === undefined || match.version === '') {
    throw new AppError('invalid-input', `${where}.version: expected an API version or *, found nothing`);
  }
  const { group = '', version } = match;
  const selector: LabelSelector = match.selector ?? (() => true);
  return (candidate) => {
    const [candidateGroup, candidateVersion] = splitApiVersion(candidate.apiVersion);
    const isSameVersion = version === '*' || version === candidateVersion;
    return (
      group === candidateGroup &&
      isSameVersion &&
      resource === RESOURCES.get(candidate.kind) &&
      selector(candidate.labels)
    );
  };
}

function splitApiVersion(apiVersion: string): readonly [string, string] {
  const [first = '', second] = apiVersion.split('/');
  return second === undefined ? ['', first] : [first, second];
}

function compileAuthority(value: unknown, index: number, where: string): Authority {
  const fields = decodeAuthority(value, where);
  requireOne(fields, ['key', 'keyless', 'static'], where);
  const name = fields.name ?? `authority-${index}`;
  if (fields.static !== undefined) {
    for (const field of ['attestations', 'source', 'ctlog', 'rfc3161timestamp', 'signatureFormat'] as const) {
      if (fields[field] !== undefined)
        throw new AppError('invalid-input', `${where}.${field}: expected nothing beside static, found a value`);
    }
    const { action, message } = fields.static;
    return { kind: 'static', name, action, ...(message === undefined ? {} : { message }) };
  }
  for (const field of ['source', 'rfc3161timestamp', 'signatureFormat'] as const) {
    if (fields[field] !== undefined) throw unsupported(`${where}.${field}`);
  }
  const attestations = (fields.attestations ?? []).map((rule, position) =>
    compileAttestation(rule, `${where}.attestations[${position}]`),
  );
  if (fields.keyless !== undefined) {
    const paths = { keyless: `${where}.keyless`, ctlog: `${where}.ctlog` };
    return { kind: 'signer', name, signer: decodeKeyless(fields.keyless, fields.ctlog, paths), attestations };
  }
  if (fields.ctlog !== undefined) throw unsupported(`${where}.ctlog`);
  return { kind: 'signer', name, signer: { kind: 'key', key: decodeKey(fields.key, `${where}.key`) }, attestations };
}

function compileAttestation(value: unknown, where: string): AttestationRule {
  const { name, predicateType: written, policy } = decodeAttestation(value, where);
  const predicateType = findPredicateType(written);
  if (predicateType === undefined) {
    throw new AppError(
      'invalid-input',
      `${where}.predicateType: expected a URI or a short name such as spdxjson, found "${written}"`,
    );
  }
  if (policy === undefined) return { name, predicateType };
  if (policy.type !== 'cel') throw unsupported(`${where}.policy.type ${policy.type}`);
  requireOne(policy, ['data', 'configMapRef', 'remote'], `${where}.policy`);
  if (policy.data === undefined)
    throw unsupported(`${where}.policy.${policy.configMapRef === undefined ? 'remote' : 'configMapRef'}`);
  return { name, predicateType, condition: compileCelCondition(policy.data, `${where}.policy.data`) };
}

function refuseRepeatedNames(authorities: readonly Authority[], where: string): void {
  const names = authorities.map((authority) => authority.name);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined)
    throw new AppError('invalid-input', `${where}: expected names that differ, found "${repeated}" twice`);
}

function unsupported(where: string): AppError {
  return new AppError(
    'invalid-input',
    `${where}: not supported yet; the policy is refused rather than enforced in part`,
  );
}
