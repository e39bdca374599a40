/** How good a document is, by the profiles of the field. */
import { AppError } from '../../../core/index.ts';
import { unwrapDocument } from '../parse.ts';
import { findFaults } from '../rules.ts';
import type { Profile } from './criterion.ts';
import { readFacts } from './facts/index.ts';
import { bsi, bsi20 } from './profiles/bsi.ts';
import { cisa } from './profiles/cisa.ts';
import { cra } from './profiles/cra.ts';
import { ntia } from './profiles/ntia.ts';
import { sbomqs } from './profiles/sbomqs.ts';
import { scoreByProfile } from './score.ts';
import type { ProfileScore } from './score.ts';

export const sbomProfiles: readonly Profile[] = [sbomqs, ntia, cisa, bsi, bsi20, cra];

/** Throws `usage` naming what is known. */
export function findSbomProfile(id: string): Profile {
  const found = sbomProfiles.find((profile) => profile.id === id);
  if (found !== undefined) return found;
  const known = sbomProfiles.map((profile) => profile.id).join(', ');
  throw new AppError('usage', `--profile: expected one of ${known}, found "${id}"`);
}

export interface ScoreOptions {
  readonly what: string;
  /** Whether it is valid by its official schema, where that was asked. */
  readonly isValid?: boolean | undefined;
}

/** Of a document in the shape of its JSON, bare or as a predicate. Throws `invalid-input` for another one. */
export function scoreSbom(
  document: unknown,
  profiles: readonly Profile[],
  { what, isValid }: ScoreOptions,
): readonly ProfileScore[] {
  const subject = {
    ...readFacts(document, what),
    isClosed: findFaults(unwrapDocument(document)).every(({ rule }) => rule !== 'known-reference'),
    ...(isValid === undefined ? {} : { isValid }),
  };
  return profiles.map((profile) => scoreByProfile(subject, profile));
}
