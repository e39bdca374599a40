/**
 * A collection of the API server kept at hand: listed once, then watched from where the list ended. A watch that ends is resumed, one
 * whose version is forgotten (410) begins with a new list, an API server that does not answer is asked again with growing pauses.
 */
import { AppError, isRecord, toAppError } from '../../core/index.ts';
import { statusOf } from './client.ts';
import type { Collection, KubeClient, KubeObject } from './client.ts';

export interface FollowOptions {
  readonly signal: AbortSignal;
  /** All objects, after each list and each change of one. */
  readonly onChange: (objects: readonly KubeObject[]) => void;
  /** The API server answered: what is held is what it has. */
  readonly onContact: () => void;
  /** It did not, or not as it should; it is asked again. */
  readonly onFault: (error: AppError) => void;
  /** Milliseconds of the first pause. */
  readonly firstPause?: number;
}

const FIRST_PAUSE_MS = 100;
/** An API server that comes back is noticed within this time. */
const MAX_PAUSE_MS = 2_000;
const GONE = 410;

/** Ends when the signal is aborted. */
export async function followCollection(
  client: KubeClient,
  collection: Collection,
  options: FollowOptions,
): Promise<void> {
  const { signal, onContact, onFault, firstPause = FIRST_PAUSE_MS } = options;
  const held = new Held(options.onChange);
  let pause = firstPause;
  while (!signal.aborted) {
    try {
      if (held.version === undefined) held.reset(await client.list(collection, signal));
      onContact();
      for await (const event of client.watch(collection, held.version ?? '', signal)) {
        held.take(event);
        onContact();
        pause = firstPause;
      }
      onContact();
    } catch (thrown) {
      if (signal.aborted) return;
      if (statusOf(thrown) === GONE) {
        held.version = undefined;
        continue;
      }
      onFault(toAppError(thrown));
      await sleep(pause, signal);
      pause = Math.min(pause * 2, MAX_PAUSE_MS);
    }
  }
}

class Held {
  /** From where to watch; undefined when all must be listed. */
  version: string | undefined;
  readonly #objects = new Map<string, KubeObject>();
  readonly #onChange: FollowOptions['onChange'];

  constructor(onChange: FollowOptions['onChange']) {
    this.#onChange = onChange;
  }

  reset({ items, resourceVersion }: Awaited<ReturnType<KubeClient['list']>>): void {
    this.#objects.clear();
    for (const item of items) this.#objects.set(keyOf(item), item);
    this.version = resourceVersion;
    this.#tell();
  }

  take({ type, object }: { readonly type: string; readonly object: KubeObject }): void {
    this.version = String(metadataOf(object).resourceVersion);
    if (type === 'BOOKMARK') return;
    if (type === 'DELETED') this.#objects.delete(keyOf(object));
    else this.#objects.set(keyOf(object), object);
    this.#tell();
  }

  /** In an order that does not depend on the order of events. */
  #tell(): void {
    this.#onChange([...this.#objects].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object));
  }
}

function keyOf(object: KubeObject): string {
  const { namespace = '', name } = metadataOf(object);
  return `${String(namespace)}/${String(name)}`;
}

/** Throws `invalid-input` for what is no object of the API. */
export function metadataOf(object: KubeObject): KubeObject {
  if (isRecord(object.metadata)) return object.metadata;
  throw new AppError('invalid-input', 'API server: expected an object with metadata, found none');
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done, { once: true });
  });
}
