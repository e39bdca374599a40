/** What is applied to a cluster to have its admissions judged: the objects, as text. */
import { stringify } from 'yaml';
import { AppError, parseReference, parseRegistry } from '../core/index.ts';
import { listManifests } from '../cluster/index.ts';
import type { InstallOptions, Manifest } from '../cluster/index.ts';
import { fixedPlatforms } from './node-platforms.ts';

export interface InstallChoices extends Omit<InstallOptions, 'registries' | 'exempt'> {
  /** Where pods may run images from, as they are written there; empty is everywhere. */
  readonly registries: readonly string[];
  /** Namespaces besides our own that are never judged. */
  readonly exempt: readonly string[];
}

/** Throws `usage` for what no cluster would take. */
export function planInstallation(choices: InstallChoices): readonly Manifest[] {
  const { namespace, exempt, registries, replicas, timeoutSeconds } = choices;
  parseReference(choices.image);
  for (const name of [namespace, ...exempt])
    if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name))
      throw new AppError('usage', `expected the name of a namespace, found "${name}"`);
  if (!isWithin(replicas, 1, 100)) throw new AppError('usage', `--replicas: expected 1 to 100, found ${replicas}`);
  if (!isWithin(timeoutSeconds, 2, 30))
    throw new AppError('usage', `--webhook-timeout: expected 2 to 30 seconds, found ${timeoutSeconds}`);
  for (const registry of registries) parseRegistry(registry);
  if (choices.platforms !== 'nodes') fixedPlatforms(choices.platforms);
  return listManifests({
    ...choices,
    exempt: [...new Set([namespace, ...exempt])],
    registries: JSON.stringify(registries),
  });
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}

/** Documents that kubectl applies. */
export function formatManifests(manifests: readonly Manifest[]): string {
  return manifests.map((manifest) => stringify(manifest, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n');
}
