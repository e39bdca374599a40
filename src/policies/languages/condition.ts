/** What a ClusterImagePolicy says of the content of attestations, and of everything together: CEL, CUE or Rego. */
import {
  AppError,
  boolean,
  digestOf,
  findPredicateType,
  oneOf,
  optional,
  strictObject,
  string,
} from '../../core/index.ts';
import type { AttestationRule, Condition, DataCondition, OverallRule } from '../policy.ts';
import { requireText } from '../resources.ts';
import type { Need, PolicyResources } from '../resources.ts';
import { compileCelCondition, compileCelRule } from './cel-condition.ts';
import { compileCueCondition } from './cue-condition.ts';
import { compileRegoCondition } from './rego-condition.ts';
import { requireOne } from './require-one.ts';

const LANGUAGES = ['cel', 'cue', 'rego'] as const;

type Language = (typeof LANGUAGES)[number];

const TEXT = {
  type: oneOf(...LANGUAGES),
  data: optional(string),
  configMapRef: optional(strictObject({ name: string, namespace: optional(string), key: optional(string) })),
  remote: optional(strictObject({ url: optional(string), sha256sum: optional(string) })),
};

const decodeCondition = strictObject(TEXT);

const decodeAttestation = strictObject({ name: string, predicateType: string, policy: optional(decodeCondition) });

const decodeOverall = strictObject({
  ...TEXT,
  fetchConfigFile: optional(boolean),
  includeSpec: optional(boolean),
  includeObjectMeta: optional(boolean),
  includeTypeMeta: optional(boolean),
});

type Fields = ReturnType<typeof decodeCondition>;

/** Something that is whole once what it needs was brought. */
export interface PlannedRule<T> {
  readonly needs: readonly Need[];
  /** Compile what stands in the rule itself, once. */
  readonly checks: readonly (() => unknown)[];
  compile(resources: PolicyResources): T;
}

export function readAttestation(value: unknown, where: string): PlannedRule<AttestationRule> {
  const { name, predicateType: written, policy } = decodeAttestation(value, where);
  const predicateType = findPredicateType(written);
  if (predicateType === undefined) {
    throw new AppError(
      'invalid-input',
      `${where}.predicateType: expected a URI or a short name such as spdxjson, found "${written}"`,
    );
  }
  if (policy === undefined) return { needs: [], checks: [], compile: () => ({ name, predicateType }) };
  const condition = readText(policy, `${where}.policy`, compileStatementCondition);
  return {
    ...condition,
    compile: (resources) => ({ name, predicateType, condition: condition.compile(resources) }),
  };
}

export function readOverall(value: unknown, where: string): PlannedRule<OverallRule> {
  const fields = decodeOverall(value, where);
  const includes = {
    config: fields.fetchConfigFile ?? false,
    spec: fields.includeSpec ?? false,
    objectMeta: fields.includeObjectMeta ?? false,
    typeMeta: fields.includeTypeMeta ?? false,
  };
  const parts = [
    'authorityMatches',
    ...(includes.config ? ['config'] : []),
    ...(includes.spec ? ['spec'] : []),
    ...(includes.objectMeta ? ['metadata'] : []),
    ...(includes.typeMeta ? ['typemeta'] : []),
  ];
  const condition = readText(fields, where, (type, text, place) => compileDataCondition(type, text, { place, parts }));
  return { ...condition, compile: (resources) => ({ condition: condition.compile(resources), includes }) };
}

/** Over the statement; CUE reads it as it was signed. */
function compileStatementCondition(type: Language, text: string, where: string): Condition {
  switch (type) {
    case 'cel':
      return compileCelCondition(text, where);
    case 'cue': {
      const check = compileCueCondition(text, where);
      return ({ payload }) => check(new TextDecoder().decode(payload));
    }
    case 'rego': {
      const check = compileRegoCondition(text, where);
      return ({ statement }, at) => check(statement, at);
    }
  }
}

function compileDataCondition(
  type: Language,
  text: string,
  { place, parts }: { readonly place: string; readonly parts: readonly string[] },
): DataCondition {
  switch (type) {
    case 'cel':
      return compileCelRule(text, place, parts);
    case 'cue': {
      const check = compileCueCondition(text, place);
      return (data) => check(JSON.stringify(data));
    }
    case 'rego':
      return compileRegoCondition(text, place);
  }
}

/** The text stands here, or elsewhere. It is not compiled while reading: that may take long, and has a ceiling of its own. */
function readText<T>(
  fields: Fields,
  where: string,
  compile: (type: Language, text: string, where: string) => T,
): PlannedRule<T> {
  requireOne(fields, ['data', 'configMapRef', 'remote'], where);
  const { type, data } = fields;
  if (data !== undefined) {
    let compiled: { readonly rule: T } | undefined;
    const own = () => (compiled ??= { rule: compile(type, data, `${where}.data`) }).rule;
    return { needs: [], checks: [own], compile: own };
  }
  const need = needOf(fields, where);
  const place = `${where}.${need.kind === 'remote' ? 'remote' : 'configMapRef'}`;
  return {
    needs: [need],
    checks: [],
    compile: (resources) => {
      const text = requireText(resources, need, place);
      if (need.kind === 'remote') requireSum(text, need.sha256, place);
      return compile(type, text, place);
    },
  };
}

function needOf({ configMapRef, remote }: Fields, where: string): Extract<Need, { kind: 'config-map' | 'remote' }> {
  if (configMapRef !== undefined) {
    const { name, namespace, key } = configMapRef;
    if (key === undefined) throw new AppError('invalid-input', `${where}.configMapRef.key: expected a key, found none`);
    return { kind: 'config-map', name, key, ...(namespace === undefined ? {} : { namespace }) };
  }
  const { url = '', sha256sum = '' } = remote ?? {};
  if (URL.parse(url)?.protocol !== 'https:')
    throw new AppError('invalid-input', `${where}.remote.url: expected an https address, found "${url}"`);
  if (!/^[0-9a-f]{64}$/.test(sha256sum))
    throw new AppError('invalid-input', `${where}.remote.sha256sum: expected SHA-256 in hex, found "${sha256sum}"`);
  return { kind: 'remote', url, sha256: sha256sum };
}

function requireSum(text: string, expected: string, where: string): void {
  const found = digestOf(text).slice('sha256:'.length);
  if (found !== expected)
    throw new AppError('invalid-input', `${where}: expected content of SHA-256 ${expected}, found ${found}`);
}
