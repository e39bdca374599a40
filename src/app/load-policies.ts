import { join } from 'node:path';
import { createPolicySigners } from './policy-signers.ts';
import { AppError } from '../core/index.ts';
import type { Ports } from '../core/index.ts';
import { listRequirements, parsePolicies } from '../policies/index.ts';
import type { Policy } from '../policies/index.ts';
import { importPublicKey } from '../trust/index.ts';

/** Ceiling of files in a policy folder: operators write these by hand. */
const MAX_POLICY_FILES = 1000;

/**
 * Policies of files and folders (their `.yaml`, `.yml` and `.json` files, not deeper). Throws `invalid-input` for one that
 * cannot be compiled, a key that cannot verify or a name used twice, `untrusted-root` for a keyless authority that nobody vouches for,
 * and `not-found` when there is none: an empty policy must not read as "everything may run".
 */
export async function loadPolicies(ports: Ports, paths: readonly string[]): Promise<readonly Policy[]> {
  const files = (await Promise.all(paths.map((path) => listPolicyFiles(ports, path)))).flat();
  if (files.length === 0) {
    throw new AppError('not-found', `expected policy files (.yaml, .yml, .json) in ${paths.join(', ')}, found none`);
  }
  const policies: Policy[] = [];
  for (const file of files) {
    const text = new TextDecoder().decode(await ports.files.read(file, 16 * 1024 * 1024));
    policies.push(...parsePolicies(text, file));
  }
  if (policies.length === 0) throw new AppError('not-found', `expected policies in ${files.join(', ')}, found none`);
  const signers = createPolicySigners(ports);
  for (const policy of policies) {
    for (const { signer } of listRequirements([policy])) {
      if (signer.kind === 'key') importPublicKey(signer.key.pem, `policy ${policy.name}: key`);
      else await signers.demand(signer);
    }
  }
  const names = policies.map((policy) => policy.name);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined)
    throw new AppError('invalid-input', `expected policies of different names, found "${repeated}" twice`);
  return policies;
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
