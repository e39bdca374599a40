/** A whole repository, or what of it fits tag patterns, into another place: run again, it sends only what is new. */
import { join } from 'node:path';
import { ArtifactCopy, folderArchive } from '../artifacts/index.ts';
import { AppError, findDigest, type Ports } from '../core/index.ts';
import { copyOptions, movedSource, openCopySource, tagIn, type Copied, type CopyOptions } from './copy-artifact.ts';
import type { OpenedArtifact } from './open-artifact.ts';
import { openTarget, parseTarget, type OpenedTarget } from './open-target.ts';
import { compilePatterns, type TagPatterns } from './tag-patterns.ts';
import { writeWhole } from './write-whole.ts';

export interface MirrorInput extends CopyOptions, TagPatterns {
  /** Tags that must be there, and alone are copied; see TagPatterns when absent. */
  readonly tags?: readonly string[] | undefined;
}

export interface Mirrored {
  /** One for each tag, in the order in which they were copied. */
  readonly copies: readonly Copied[];
  /** Tags that the patterns leave out. */
  readonly leftOut: readonly string[];
  /** Tags that were listed and gone when their turn came. */
  readonly vanished: readonly string[];
}

/** Fallback tags of referrers, and those of cosign; the group is the subject's algorithm and value. */
const BELONGING_TAG = /^(sha(?:256|512))-([0-9a-f]{64,128})(?:\.(?:sig|att|sbom))?$/;

/**
 * Tags that hold signatures and referrers of a digest go with what they belong to; those whose subject has no tag are copied by
 * themselves, after all others, so that nothing is lost.
 */
export async function mirrorRepository(ports: Ports, input: MirrorInput, signal: AbortSignal): Promise<Mirrored> {
  const target = parseTarget(input.target);
  const isTagged = target.scheme === 'registry' ? target.tags.length > 0 : target.tag !== undefined;
  if (isTagged)
    throw new AppError('usage', `${input.target}: expected a repository without a tag as target of many tags`);
  if (target.scheme === 'oci-archive') return await mirrorIntoArchive(ports, input, target.path, signal);
  const from = await openCopySource(ports, input, target);
  const to = await openTarget(ports, target, input.access);
  const tags = await from.repository.listTags(signal);
  const isWanted = input.tags === undefined ? compilePatterns(input) : only(input.tags, tags, from);
  const chosen = tags.filter((tag) => isWanted(tagIn(tag)));
  const options = { ...copyOptions(ports, input, signal), sourceTags: new Set(tags) };
  const copy = new ArtifactCopy(from.repository, to.repository, options);
  const run = { from, to, copy, isDryRun: input.dryRun === true, signal };
  const copies: (Copied | string)[] = [];
  const inOrder = chosen.toSorted((a, b) => Number(BELONGING_TAG.test(a)) - Number(BELONGING_TAG.test(b)));
  for (const tag of inOrder) if (!belongsToCopied(copy, tag)) copies.push((await mirrorTag(run, tag)) ?? tag);
  return {
    copies: copies.filter((entry) => typeof entry !== 'string'),
    vanished: copies.filter((entry) => typeof entry === 'string'),
    leftOut: tags.filter((tag) => !isWanted(tagIn(tag))),
  };
}

/** Throws `not-found` for a tag that is not there. */
function only(wanted: readonly string[], found: readonly string[], from: OpenedArtifact): (tag: string) => boolean {
  const names = new Set(found.map(tagIn));
  const missing = wanted.find((tag) => !names.has(tag));
  if (missing === undefined) return (tag) => wanted.includes(tag);
  throw new AppError('not-found', `${from.repository.name}: no tag ${missing}`);
}

/** The archive is written in one go, so all is brought together in a folder that is gone afterwards. */
async function mirrorIntoArchive(
  ports: Ports,
  input: MirrorInput,
  path: string,
  signal: AbortSignal,
): Promise<Mirrored> {
  if (input.dryRun === true) throw new AppError('usage', `${path}: expected a registry or a layout with a dry run`);
  const folder = join(ports.settings.cacheDir, `backup-${Buffer.from(ports.random(8)).toString('hex')}`);
  try {
    const mirrored = await mirrorRepository(ports, { ...input, target: `oci:${folder}` }, signal);
    await writeWhole(ports, path, folderArchive(ports.files, folder));
    const named = (copied: Copied) => ({ ...copied, reference: copied.reference.replace(folder, path) });
    return { ...mirrored, copies: mirrored.copies.map(named) };
  } finally {
    await ports.files.remove(folder);
  }
}

interface MirrorRun {
  readonly from: OpenedArtifact;
  readonly to: OpenedTarget;
  readonly copy: ArtifactCopy;
  readonly isDryRun: boolean;
  readonly signal: AbortSignal;
}

/** Undefined when the tag is gone. */
async function mirrorTag({ from, to, copy, isDryRun, signal }: MirrorRun, tag: string): Promise<Copied | undefined> {
  const root = await from.repository.findManifest(tag, signal);
  if (root === undefined) return undefined;
  const { digest } = root.descriptor;
  const tags = to.tagsFor(digest, tagIn(tag));
  const result = await (isDryRun ? copy.dryRun(root, tags) : copy.copy(root, tags));
  const moved = await movedSource({ ...from, findTarget: async () => tag }, root, signal);
  return { ...result, differences: [...result.differences, ...moved], tags, reference: to.nameOf(digest) };
}

function belongsToCopied(copy: ArtifactCopy, tag: string): boolean {
  const [, algorithm, value] = BELONGING_TAG.exec(tag) ?? [];
  const subject = value === undefined ? undefined : findDigest(`${String(algorithm)}:${value}`);
  return subject !== undefined && copy.has(subject);
}
