/** How good SBOM documents are by the profiles of the field. */
import type { Ports } from '../core/index.ts';
import { findSbomProfile, sbomProfiles, scoreSbom } from '../metadata/sbom/index.ts';
import type { CriterionScore, ProfileScore } from '../metadata/sbom/index.ts';
import { loadDocument } from './sbom.ts';
import { createSbomValidator } from './validate-sbom.ts';

export const SBOM_PROFILES: readonly string[] = sbomProfiles.map(({ id }) => id);

export interface FileScore {
  readonly file: string;
  readonly profiles: readonly ProfileScore[];
}

/** Files one after the other. Throws `usage` for an unknown profile, `invalid-input` for a file that is no SPDX or CycloneDX. */
export async function scoreFiles(
  ports: Pick<Ports, 'files' | 'loadPackage' | 'schemas'>,
  files: readonly string[],
  profiles: readonly string[],
): Promise<readonly FileScore[]> {
  const chosen = profiles.map(findSbomProfile);
  const validate = createSbomValidator(ports);
  const scores: FileScore[] = [];
  for (const file of files) {
    const document = await loadDocument(ports, file);
    const isValid = (await validate(file)).faults.length === 0;
    scores.push({ file, profiles: scoreSbom(document, chosen, { what: file, isValid }) });
  }
  return scores;
}

/** What would bring the most points, the greatest first. */
export function biggestGains({ criteria }: ProfileScore, count: number): readonly CriterionScore[] {
  return criteria
    .filter(({ gain }) => gain > 0)
    .sort((a, b) => b.gain - a.gain)
    .slice(0, count);
}

export type { CriterionScore, ProfileScore };
