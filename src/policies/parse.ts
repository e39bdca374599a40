import { AppError, digestOf, mapOf, object, optional, parseYamlDocuments, string } from '../core/index.ts';
import { isTrustRoot, policyLanguages, readTrustRoot } from './languages/index.ts';
import type { PolicyDocument, PolicyPlan } from './languages/index.ts';
import type { Policy } from './policy.ts';
import { describeNeed } from './resources.ts';
import type { Need, PolicyResources, TrustRootRef } from './resources.ts';

/** Ceilings of a policy file and of the documents in it: operators write these by hand. */
const MAX_POLICY_BYTES = 1024 * 1024;
const MAX_DOCUMENTS = 200;

/** Policies and what stands beside them. */
export interface PolicySet {
  readonly plans: readonly PolicyPlan[];
  /** Throws `invalid-input` for a name that two things of a kind have. */
  readonly resources: (brought: ReadonlyMap<string, string>) => PolicyResources;
}

/**
 * The documents of one YAML or JSON file. Throws `invalid-input` for malformed YAML.
 */
export function readPolicyDocuments(text: string, where: string): readonly PolicyDocument[] {
  if (Buffer.byteLength(text) > MAX_POLICY_BYTES) {
    throw new AppError(
      'invalid-input',
      `${where}: expected at most ${MAX_POLICY_BYTES} bytes, found ${Buffer.byteLength(text)}`,
    );
  }
  return parseYamlDocuments(text, where, MAX_DOCUMENTS).map(({ value, where: place }) => ({
    value,
    where: place,
    version: digestOf(JSON.stringify(value)),
  }));
}

/**
 * Policies, TrustRoots, ConfigMaps and Secrets among documents. Throws `invalid-input` for one that is none of them, and whatever the
 * policy's language refuses: a policy that is not understood must not be read past.
 */
export function readPolicySet(documents: readonly PolicyDocument[]): PolicySet {
  const beside = documents.filter((document) => isBeside(document));
  const plans = documents.filter((document) => !isBeside(document)).map(readPlan);
  const roots = new Map<string, TrustRootRef>();
  for (const document of beside.filter(isTrustRoot)) {
    const root = readTrustRoot(document);
    if (roots.has(root.name)) throw repeated(document, `TrustRoot ${root.name}`);
    roots.set(root.name, root);
  }
  const texts = readTexts(beside.filter((document) => !isTrustRoot(document)));
  return {
    plans,
    resources: (brought) => ({
      text: (need) => findText(texts, need) ?? brought.get(describeNeed(need)),
      trustRoot: (name) => roots.get(name),
    }),
  };
}

/** Policies that need nothing besides what stands in the same text. */
export function parsePolicies(text: string, where: string): readonly Policy[] {
  const { plans, resources } = readPolicySet(readPolicyDocuments(text, where));
  return plans.map((plan) => plan.compile(resources(new Map())));
}

function readPlan(document: PolicyDocument): PolicyPlan {
  const language = policyLanguages.find((candidate) => candidate.accepts(document));
  if (language !== undefined) return language.read(document);
  const { apiVersion, kind } = document.value;
  const known = policyLanguages.map(({ name }) => name).join(', ');
  throw new AppError(
    'invalid-input',
    `${document.where}: expected a policy (${known}), found ${String(apiVersion)} ${String(kind)}`,
  );
}

function isBeside(document: PolicyDocument): boolean {
  const { apiVersion, kind } = document.value;
  return isTrustRoot(document) || (apiVersion === 'v1' && (kind === 'ConfigMap' || kind === 'Secret'));
}

const decodeTexts = object({
  metadata: object({ name: string, namespace: optional(string) }),
  data: optional(mapOf(string)),
  stringData: optional(mapOf(string)),
});

interface Texts {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly entries: ReadonlyMap<string, string>;
}

function readTexts(documents: readonly PolicyDocument[]): readonly Texts[] {
  const found = new Map<string, Texts>();
  for (const document of documents) {
    const { metadata, data = {}, stringData = {} } = decodeTexts(document.value, document.where);
    const kind = String(document.value.kind);
    const decode = (text: string): string => (kind === 'Secret' ? Buffer.from(text, 'base64').toString('utf8') : text);
    const entries = [
      ...Object.entries(data).map(([key, text]) => [key, decode(text)] as const),
      ...Object.entries(kind === 'Secret' ? stringData : {}),
    ];
    const { name, namespace } = metadata;
    const id = `${kind} ${namespace ?? ''}/${name}`;
    if (found.has(id)) throw repeated(document, id);
    found.set(id, { kind, name, namespace, entries: new Map(entries) });
  }
  return [...found.values()];
}

/** A namespace that is not said is the one that policies are kept in. */
function findText(texts: readonly Texts[], need: Exclude<Need, { kind: 'trust-root' }>): string | undefined {
  if (need.kind !== 'secret' && need.kind !== 'config-map') return undefined;
  const kind = need.kind === 'secret' ? 'Secret' : 'ConfigMap';
  const named = texts.filter(
    (entry) =>
      entry.kind === kind &&
      entry.name === need.name &&
      (entry.namespace === undefined || need.namespace === undefined || entry.namespace === need.namespace),
  );
  const [only, ...more] = named;
  if (more.length > 0)
    throw new AppError('invalid-input', `${describeNeed(need)}: expected one, found them in several namespaces`);
  if (only === undefined) return undefined;
  if (need.kind === 'config-map') return only.entries.get(need.key);
  if (only.entries.size === 1) return [...only.entries.values()][0];
  // which of several would be the key is anybody's guess
  throw new AppError('invalid-input', `${describeNeed(need)}: expected one entry, found ${only.entries.size}`);
}

function repeated({ where }: PolicyDocument, what: string): AppError {
  return new AppError('invalid-input', `${where}: expected ${what} once, found it twice`);
}
