import { join } from 'node:path';
import { AppError, runBounded, toAppError } from '../core/index.ts';
import type { Ports } from '../core/index.ts';
import { listRequirements, readPolicyDocuments, readPolicySet } from '../policies/index.ts';
import type { Policy, PolicyDocument, PolicyPlan } from '../policies/index.ts';
import { openMaterial } from './policy-material.ts';
import type { PolicyMaterial } from './policy-material.ts';

/** Ceiling of files in a policy folder: operators write these by hand. */
const MAX_POLICY_FILES = 1000;
/** Milliseconds to compile one policy; the largest that are published take some tens. */
const MAX_COMPILE_MS = 5000;

/**
 * Policies of files and folders (their `.yaml`, `.yml` and `.json` files, not deeper). Throws `invalid-input` for one that
 * cannot be compiled, a key that cannot verify or a name used twice, `untrusted-root` for a keyless authority that nobody vouches for,
 * and `not-found` when there is none: an empty policy must not read as "everything may run".
 */
export async function loadPolicies(
  ports: Ports,
  paths: readonly string[],
  material: PolicyMaterial = openMaterial(ports),
): Promise<readonly Policy[]> {
  const files = (await Promise.all(paths.map((path) => listPolicyFiles(ports, path)))).flat();
  if (files.length === 0) {
    throw new AppError('not-found', `expected policy files (.yaml, .yml, .json) in ${paths.join(', ')}, found none`);
  }
  const documents: PolicyDocument[] = [];
  for (const file of files) {
    const text = new TextDecoder().decode(await ports.files.read(file, 16 * 1024 * 1024));
    documents.push(...readPolicyDocuments(text, file));
  }
  const policies = await compilePolicies(documents, material);
  if (policies.length === 0) throw new AppError('not-found', `expected policies in ${files.join(', ')}, found none`);
  return policies;
}

/** The policies among documents, ready to judge. Throws as `loadPolicies` does, for the first that cannot be used. */
export async function compilePolicies(
  documents: readonly PolicyDocument[],
  material: PolicyMaterial,
  maxMilliseconds = MAX_COMPILE_MS,
): Promise<readonly Policy[]> {
  const { plans, resources } = readPolicySet(documents);
  const names = plans.map(({ name }) => name);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined)
    throw new AppError('invalid-input', `expected policies of different names, found "${repeated}" twice`);
  const brought = resources(await material.bring(plans.flatMap(({ needs }) => needs)));
  const policies: Policy[] = [];
  for (const plan of plans) {
    const policy = within(plan, () => plan.compile(brought), maxMilliseconds);
    policies.push(policy);
    for (const requirement of listRequirements([policy])) {
      if (requirement.kind === 'config') continue;
      await material.signers.demand(requirement.signer).catch((error: unknown) => {
        const { kind, message, hint } = toAppError(error);
        throw new AppError(kind, `policy ${policy.name}: ${message}`, hint === undefined ? {} : { hint });
      });
    }
  }
  return policies;
}

/** Compiles what stands in a policy itself. Throws `invalid-input` as `compilePolicies` does. */
export function checkPolicy(plan: PolicyPlan): void {
  within(plan, () => plan.check(), MAX_COMPILE_MS);
}

/** Within a ceiling of its own: meanwhile nobody is answered. */
function within<T>({ name }: PolicyPlan, work: () => T, milliseconds: number): T {
  const bounded = runBounded((): { readonly result: T } | { readonly error: unknown } => {
    try {
      return { result: work() };
    } catch (error) {
      return { error };
    }
  }, milliseconds);
  if (bounded.kind === 'failed')
    throw new AppError('invalid-input', `policy ${name}: expected to be compiled: ${bounded.message}`);
  if ('error' in bounded.value) throw bounded.value.error;
  return bounded.value.result;
}

/** Policy files of a file or folder, sorted. Throws `not-found` when the path is not there. */
export async function listPolicyFiles(ports: Ports, path: string): Promise<readonly string[]> {
  const stat = await ports.files.stat(path);
  if (stat === undefined) throw new AppError('not-found', `${path}: expected a policy file or folder, found nothing`);
  if (stat.kind !== 'directory') return [path];
  const names = (await ports.files.list(path)).filter((name) => /\.(?:ya?ml|json)$/.test(name));
  if (names.length > MAX_POLICY_FILES) {
    throw new AppError(
      'invalid-input',
      `${path}: expected at most ${MAX_POLICY_FILES} policy files, found ${names.length}`,
    );
  }
  return names.map((name) => join(path, name));
}
