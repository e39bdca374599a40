/** An authority of a ClusterImagePolicy: who must have signed, what must vouch for it, where it is kept. */
import {
  anything,
  AppError,
  arrayOf,
  digestOf,
  oneOf,
  optional,
  parseReference,
  record,
  strictObject,
  string,
} from '../../core/index.ts';
import type { Authority, AttestationRule, KeySigner, LogDemand, SignatureSource, SigningAuthority } from '../policy.ts';
import { requireTrustRoot } from '../resources.ts';
import type { Need, PolicyResources, TrustRootRef } from '../resources.ts';
import { readAttestation } from './condition.ts';
import type { PlannedRule } from './condition.ts';
import { readKey } from './key.ts';
import { hostOf, readKeyless } from './keyless.ts';
import { requireOne } from './require-one.ts';

const decodeAuthority = strictObject({
  name: optional(string),
  key: optional(record),
  keyless: optional(record),
  static: optional(strictObject({ action: oneOf('pass', 'fail'), message: optional(string) })),
  source: optional(
    arrayOf(
      strictObject({
        oci: optional(string),
        tagPrefix: optional(string),
        signaturePullSecrets: optional(arrayOf(strictObject({ name: string }))),
      }),
    ),
  ),
  ctlog: optional(strictObject({ url: optional(string), trustRootRef: optional(string) })),
  rfc3161timestamp: optional(strictObject({ trustRootRef: optional(string) })),
  signatureFormat: optional(oneOf('legacy', 'bundle')),
  attestations: optional(arrayOf(anything)),
});

type Fields = ReturnType<typeof decodeAuthority>;

export interface PlannedAuthority {
  readonly name: string;
  readonly needs: readonly Need[];
  readonly checks: PlannedRule<unknown>['checks'];
  compile(resources: PolicyResources): Authority;
}

/** Tags are made of these characters; the digest's own part follows. */
const TAG_PREFIX = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,50}$/;

/** Throws `invalid-input` for whatever cannot be enforced as it is written. */
export function readAuthority(value: unknown, index: number, where: string): PlannedAuthority {
  const fields = decodeAuthority(value, where);
  requireOne(fields, ['key', 'keyless', 'static'], where);
  const name = fields.name ?? `authority-${index}`;
  if (fields.static !== undefined)
    return { name, needs: [], checks: [], compile: constant(readStatic(fields, name, where)) };
  const attestations = (fields.attestations ?? []).map((rule, position) =>
    readAttestation(rule, `${where}.attestations[${position}]`),
  );
  const signer = fields.keyless === undefined ? readKeySigner(fields, where) : readKeylessSigner(fields, where);
  return {
    name,
    needs: [...signer.needs, ...attestations.flatMap(({ needs }) => needs)],
    checks: attestations.flatMap(({ checks }) => checks),
    compile: (resources) => ({
      kind: 'signer',
      name,
      signer: signer.compile(resources),
      attestations: attestations.map((rule: PlannedRule<AttestationRule>) => rule.compile(resources)),
    }),
  };
}

function constant<T>(value: T): () => T {
  return () => value;
}

function readStatic(fields: Fields, name: string, where: string): Authority {
  for (const field of ['attestations', 'source', 'ctlog', 'rfc3161timestamp', 'signatureFormat'] as const) {
    if (fields[field] !== undefined)
      throw new AppError('invalid-input', `${where}.${field}: expected nothing beside static, found a value`);
  }
  const { action, message } = fields.static ?? { action: 'fail' };
  return { kind: 'static', name, action, ...(message === undefined ? {} : { message }) };
}

interface PlannedSigner {
  readonly needs: readonly Need[];
  compile(resources: PolicyResources): SigningAuthority['signer'];
}

function readKeySigner(fields: Fields, where: string): PlannedSigner {
  if (fields.signatureFormat === 'bundle') {
    throw new AppError('invalid-input', `${where}.signatureFormat: expected bundle beside keyless alone`);
  }
  const { need, open } = readKey(fields.key, `${where}.key`);
  const terms = readTerms(fields, where);
  return {
    needs: [...(need === undefined ? [] : [need]), ...terms.needs],
    compile: (resources) => {
      const key = open(resources);
      const signer: Omit<KeySigner, 'id'> = { kind: 'key', key, ...terms.open(resources) };
      const { kind: _, ...parts } = signer;
      return { ...signer, id: Object.keys(parts).length === 1 ? key.keyId : idOf({ ...parts, key: key.keyId }) };
    },
  };
}

function readKeylessSigner(fields: Fields, where: string): PlannedSigner {
  const keyless = readKeyless(fields.keyless, `${where}.keyless`);
  const terms = readTerms(fields, where);
  if (fields.signatureFormat === 'bundle') requireOneTrustRoot(fields, keyless.trustRootRef, where);
  return {
    needs: [...keyless.needs, ...terms.needs],
    compile: (resources) => {
      const signer = { kind: 'keyless' as const, ...keyless.open(resources), ...terms.open(resources) };
      return { ...signer, id: idOf(signer) };
    },
  };
}

/** A bundle is judged as one: what vouches for its time must come from where its certificate does. */
function requireOneTrustRoot({ ctlog, rfc3161timestamp }: Fields, expected: string | undefined, where: string): void {
  for (const [field, entry] of Object.entries({ ctlog, rfc3161timestamp })) {
    const found = entry?.trustRootRef;
    if (found !== undefined && found !== expected) {
      throw new AppError(
        'invalid-input',
        `${where}.${field}.trustRootRef: expected that of keyless (${expected ?? 'none'}), found "${found}"`,
      );
    }
  }
}

interface Terms {
  readonly log?: LogDemand;
  readonly timestamps?: TrustRootRef;
  readonly source?: SignatureSource;
  readonly bundlesOnly?: true;
}

function readTerms(
  { ctlog, rfc3161timestamp, source, signatureFormat }: Fields,
  where: string,
): { readonly needs: readonly Need[]; open(resources: PolicyResources): Terms } {
  const host = hostOf(ctlog?.url, `${where}.ctlog.url`);
  if (rfc3161timestamp !== undefined && rfc3161timestamp.trustRootRef === undefined)
    throw new AppError('invalid-input', `${where}.rfc3161timestamp.trustRootRef: expected a TrustRoot, found none`);
  const stampers = rfc3161timestamp?.trustRootRef;
  const place = source === undefined ? undefined : readSource(source, `${where}.source`);
  const log = ctlog?.trustRootRef;
  const open = (resources: PolicyResources): Terms => ({
    ...(ctlog === undefined
      ? {}
      : {
          log: {
            ...(host === undefined ? {} : { host }),
            ...(log === undefined
              ? {}
              : { trustRoot: requireTrustRoot(resources, log, `${where}.ctlog.trustRootRef`) }),
          },
        }),
    ...(stampers === undefined
      ? {}
      : { timestamps: requireTrustRoot(resources, stampers, `${where}.rfc3161timestamp.trustRootRef`) }),
    ...(place === undefined ? {} : { source: place }),
    ...(signatureFormat === 'bundle' ? { bundlesOnly: true } : {}),
  });
  const roots = [log, stampers].filter((name) => name !== undefined);
  return { needs: roots.map((name) => ({ kind: 'trust-root', name })), open };
}

function readSource(sources: NonNullable<Fields['source']>, where: string): SignatureSource | undefined {
  const [first, ...more] = sources;
  if (more.length > 0)
    throw new AppError('invalid-input', `${where}: expected at most one source, found ${sources.length}`);
  if (first === undefined) return undefined;
  const { oci, tagPrefix, signaturePullSecrets = [] } = first;
  const repository = oci === undefined ? undefined : readRepository(oci, `${where}[0].oci`);
  if (tagPrefix !== undefined && !TAG_PREFIX.test(tagPrefix))
    throw new AppError('invalid-input', `${where}[0].tagPrefix: expected the beginning of a tag, found "${tagPrefix}"`);
  return {
    ...(repository === undefined ? {} : { repository }),
    ...(tagPrefix === undefined ? {} : { tagPrefix }),
    pullSecrets: signaturePullSecrets.map(({ name }) => name),
  };
}

function readRepository(text: string, where: string): string {
  const { registry, repository, tag, digest } = parseReference(text);
  if (tag === undefined && digest === undefined) return `${registry}/${repository}`;
  throw new AppError('invalid-input', `${where}: expected registry/repository, found "${text}"`);
}

/** Definitions of trust roots are large; their digest says the same. */
function idOf(signer: unknown): SigningAuthority['signer']['id'] {
  const text = JSON.stringify(signer, (name, value: unknown) => {
    if (name === 'definition') return undefined;
    return value instanceof RegExp ? String(value) : value;
  });
  return digestOf(text);
}
