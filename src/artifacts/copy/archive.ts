/** Copies into an OCI archive: one stream, written and then read back. */
import type { Progress } from '../../core/index.ts';
import { layoutArchive } from '../local/layout-archive.ts';
import type { Manifest, ReadableRepository } from '../repository.ts';
import { resultOf, type CopyResult } from './copy.ts';
import { planCopy, type CopyPlan, type PlanOptions } from './plan.ts';
import { streamReported } from './report.ts';

export interface ArchiveOptions extends PlanOptions {
  readonly tag: string;
  /** Stores the archive, and gives it opened where it can be read back. */
  readonly write: (content: AsyncIterable<Uint8Array>) => Promise<ReadableRepository | void>;
  readonly progress?: Progress | undefined;
}

export async function copyToArchive(
  from: ReadableRepository,
  root: Manifest,
  options: ArchiveOptions,
): Promise<CopyResult> {
  const plan = await planCopy(from, root, options);
  const written = await options.write(layoutArchive(plan, options.tag, (blob) => streamReported(from, blob, options)));
  const survey = { manifests: plan.manifests, blobs: plan.blobs, tags: [], moved: [], kept: [] };
  return resultOf(plan, survey, written === undefined ? [] : await compare(plan, written, options.tag));
}

async function compare(plan: CopyPlan, written: ReadableRepository, tag: string): Promise<readonly string[]> {
  const wanted = plan.manifests.map(({ descriptor }) => descriptor.digest);
  const named = (await written.findManifest(tag))?.descriptor.digest;
  const differences = named === plan.root.descriptor.digest ? [] : [`tag ${tag} does not name it`];
  for (const digest of wanted) {
    if ((await written.findManifest(digest)) === undefined) differences.push(`manifest ${digest} is missing`);
  }
  return differences.map((difference) => `${written.name}: ${difference}`);
}
