/**
 * ClusterImagePolicy (policy.sigstore.dev/v1alpha1 and v1beta1), whole: globs, match with label selectors, key, keyless and static
 * authorities, logs, timestamps, sources, attestations and the policy over all of it, enforce and warn.
 */
import {
  anything,
  AppError,
  arrayOf,
  digestOf,
  object,
  oneOf,
  optional,
  record,
  strictObject,
  string,
} from '../../core/index.ts';
import { compileGlob } from '../glob.ts';
import type { Policy, SubjectObject } from '../policy.ts';
import { describeNeed } from '../resources.ts';
import type { Need, PolicyResources } from '../resources.ts';
import { decodeSelector } from '../selector.ts';
import type { LabelSelector } from '../selector.ts';
import { readAuthority } from './authority.ts';
import type { PlannedAuthority } from './authority.ts';
import { readOverall } from './condition.ts';
import type { PolicyDocument, PolicyLanguage, PolicyPlan } from './language.ts';

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

export const clusterImagePolicy: PolicyLanguage = {
  name: 'ClusterImagePolicy',
  accepts: ({ value }) => String(value.apiVersion).startsWith(`${GROUP}/`) && value.kind === 'ClusterImagePolicy',
  read: readPolicy,
};

function readPolicy({ value, where, version }: PolicyDocument): PolicyPlan {
  const { metadata, spec } = decodeDocument(value, where);
  if (spec.images.length === 0)
    throw new AppError('invalid-input', `${where}.spec.images: expected at least one glob, found none`);
  const globs = spec.images.map((image, index) => compileGlob(image.glob, `${where}.spec.images[${index}].glob`));
  const matches = (spec.match ?? []).map((match, index) => compileMatch(match, `${where}.spec.match[${index}]`));
  const authorities = (spec.authorities ?? []).map((authority, index) =>
    readAuthority(authority, index, `${where}.spec.authorities[${index}]`),
  );
  if (authorities.length === 0)
    throw new AppError('invalid-input', `${where}.spec.authorities: expected at least one authority, found none`);
  refuseRepeatedNames(authorities, `${where}.spec.authorities`);
  const overall = spec.policy === undefined ? undefined : readOverall(spec.policy, `${where}.spec.policy`);
  const parts = [...authorities, ...(overall === undefined ? [] : [overall])];
  const needs = parts.flatMap((part) => part.needs);
  const appliesTo: Policy['appliesTo'] = ({ reference, asWritten, object: candidate }) =>
    (matches.length === 0 || matches.some((match) => match(candidate))) &&
    globs.some((glob) => glob(reference, asWritten));
  return {
    name: metadata.name,
    where,
    needs,
    check: () => parts.forEach(({ checks }) => checks.forEach((check) => check())),
    compile: (resources) => ({
      name: metadata.name,
      mode: spec.mode ?? 'enforce',
      version: versionOf(version, needs, resources),
      appliesTo,
      authorities: authorities.map((authority) => authority.compile(resources)),
      ...(overall === undefined ? {} : { overall: overall.compile(resources) }),
    }),
  };
}

/** A policy is another one when what it names changes. */
function versionOf(version: PolicyDocument['version'], needs: readonly Need[], resources: PolicyResources) {
  if (needs.length === 0) return version;
  const found = needs.map((need) => [
    describeNeed(need),
    need.kind === 'trust-root' ? resources.trustRoot(need.name)?.version : digestOf(resources.text(need) ?? ''),
  ]);
  return digestOf(JSON.stringify([version, found]));
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

function refuseRepeatedNames(authorities: readonly PlannedAuthority[], where: string): void {
  const names = authorities.map((authority) => authority.name);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined)
    throw new AppError('invalid-input', `${where}: expected names that differ, found "${repeated}" twice`);
}
