/** Facts of a document in the shape of its JSON, whichever family it is of. */
import { AppError, isRecord } from '../../../../core/index.ts';
import { unwrapDocument } from '../../parse.ts';
import { readCyclonedxFacts } from './cyclonedx.ts';
import type { SbomFacts } from './facts.ts';
import { readSpdx2Facts } from './spdx2.ts';
import { readSpdx3Facts } from './spdx3.ts';

/** Bare, or the predicate of a statement. Throws `invalid-input` for another one. */
export function readFacts(document: unknown, what: string): SbomFacts {
  const bare = unwrapDocument(document);
  if (isRecord(bare)) {
    if (bare.bomFormat === 'CycloneDX') return readCyclonedxFacts(bare);
    if (typeof bare.spdxVersion === 'string') return readSpdx2Facts(bare);
    if (Array.isArray(bare['@graph'])) return readSpdx3Facts(bare);
  }
  throw new AppError('invalid-input', `${what}: expected a document of SPDX or CycloneDX, found neither`);
}
