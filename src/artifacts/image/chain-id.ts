/** Chain ids (OCI image specification, clause "Layer ChainID"): what a layer is with all below it; container stores name snapshots so. */
import { digestOf, type Digest } from '../../core/index.ts';

/** Lowest first, one for each diff id. */
export function chainIdsOf(diffIds: readonly Digest[]): readonly Digest[] {
  const chain: Digest[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(below === undefined ? diffId : digestOf(`${below} ${diffId}`));
  }
  return chain;
}
