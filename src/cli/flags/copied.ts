/** How commands that copy tell what they copied. */
import type { Copied } from '../../app/copy-artifact.ts';
import type { Mirrored } from '../../app/mirror-repository.ts';
import { AppError, EXIT_NEGATIVE, formatBytes, parseReference } from '../../core/index.ts';
import type { Context } from '../command.ts';

/** Gives the exit code. */
export function reportMirrored(context: Context, isDryRun: boolean, mirrored: Mirrored): number {
  for (const tag of mirrored.vanished) context.output.note(`tag ${tag} is gone from the source`);
  context.output.note(`${count(mirrored.copies.length, 'tag')}, ${mirrored.leftOut.length} left out`);
  return reportCopied(context, isDryRun, { copies: mirrored.copies, value: mirrored });
}

/** Differences are part of the answer; all else that is worth knowing goes beside it. */
export function reportCopied(
  { output }: Context,
  isDryRun: boolean,
  { copies, value }: { readonly copies: readonly Copied[]; readonly value: object },
): number {
  for (const { remarks, movedTags, keptTags } of copies) {
    for (const remark of remarks) output.note(remark);
    for (const { tag, from, to } of movedTags) {
      output.note(`tag ${tag} ${isDryRun ? 'would move' : 'was moved'} from ${from} to ${to}`);
    }
    for (const { tag, from } of keptTags) output.note(`tag ${tag} was left at ${from}`);
  }
  output.note(summaryOf(copies, isDryRun));
  const differences = copies.flatMap((copied) => copied.differences);
  const lines = [...copies.map((copied) => lineOf(copied, isDryRun)), ...differences.map((text) => `FAIL: ${text}`)];
  output.result({ ...value, equal: differences.length === 0, dryRun: isDryRun }, lines.join('\n'));
  return differences.length === 0 ? 0 : EXIT_NEGATIVE;
}

function lineOf({ reference, tags, sent }: Copied, isDryRun: boolean): string {
  if (!isDryRun) return reference;
  return `${reference} ${tags.join(',') || '-'}: ${count(sent.manifests, 'manifest')}, ${count(sent.blobs, 'blob')}, ${formatBytes(sent.bytes)}`;
}

function summaryOf(copies: readonly Copied[], isDryRun: boolean): string {
  const total = (count: (copied: Copied) => number) => copies.reduce((sum, copied) => sum + count(copied), 0);
  const referrers = total((one) => one.referrers);
  const refer = `${referrers} ${referrers === 1 ? 'refers' : 'refer'} to others`;
  const all = `${count(
    total((one) => one.manifests),
    'manifest',
  )} (${refer}) and ${count(
    total((one) => one.blobs),
    'blob',
  )}`;
  const bytes = formatBytes(total((one) => one.sent.bytes));
  const blobs = count(
    total((one) => one.sent.blobs),
    'blob',
  );
  const sent = `${count(
    total((one) => one.sent.manifests),
    'manifest',
  )} and ${blobs} of ${bytes}`;
  if (isDryRun) return `${all}; would send ${sent}`;
  const isEqual = copies.every((copied) => copied.differences.length === 0);
  return `${all}; sent ${sent}; ${isEqual ? 'both sides are equal' : 'the target differs'}`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

/** `REPOSITORY:TAG,TAG`. Throws `usage` for a digest. */
export function splitTags(named: string): {
  readonly repository: string;
  readonly tags: readonly string[] | undefined;
} {
  const [first = '', ...others] = named.split(',');
  const { registry, repository, tag, digest } = parseReference(first);
  if (digest !== undefined) throw new AppError('usage', `${named}: expected tags, found a digest`);
  const name = `${registry}/${repository}`;
  const tags = [tag, ...others].filter((one) => one !== undefined);
  for (const one of tags) parseReference(`${name}:${one}`);
  return { repository: name, tags: tags.length === 0 ? undefined : tags };
}
