import type { Descriptor, Progress } from '../../core/index.ts';
import { embeddedContent } from '../manifest.ts';
import type { ByteRange, ReadableRepository, Repository } from '../repository.ts';

export interface ReportOptions {
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

export function report({ progress }: ReportOptions, { digest, size }: Descriptor, done: number): void {
  progress?.({ item: digest, action: 'copy', done, total: size });
}

/** The blob's content, or a range of it, unverified; each chunk is reported when it is taken. */
export async function* streamReported(
  from: ReadableRepository,
  blob: Descriptor,
  options: ReportOptions & { readonly range?: ByteRange },
): AsyncGenerator<Uint8Array> {
  let done = options.range?.start ?? 0;
  for await (const chunk of from.streamBlob(blob, options.signal, options.range)) {
    done += chunk.length;
    yield chunk;
    report(options, blob, done);
  }
}

/** Has the target take it from where it is, or sends it. */
export async function sendBlob(
  from: ReadableRepository,
  to: Repository,
  blob: Descriptor,
  options: ReportOptions,
): Promise<void> {
  if ((await to.mountBlob?.(blob, from, options.signal)) !== true) {
    const stream = (range: ByteRange) => streamReported(from, blob, { ...options, range });
    await to.pushBlob(blob, embeddedContent(blob) ?? stream, options.signal);
  }
  report(options, blob, blob.size);
}
