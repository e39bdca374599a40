/** Several collections of the API server kept at hand together. */
import type { AppError } from '../../core/index.ts';
import type { Collection, KubeClient, KubeObject } from './client.ts';
import { followCollection } from './follow.ts';

export interface HeldCollections<Name extends string> {
  /** Undefined until all have been listed once. */
  readonly objects: Readonly<Record<Name, readonly KubeObject[]>> | undefined;
  /** Of one of them; undefined until it has been listed once. */
  list(name: Name): readonly KubeObject[] | undefined;
  /** The listener hears which has been listed or has changed, from now on. Gives what ends that. */
  subscribe(listener: (name: string) => void): () => void;
  /** Why some have not been listed yet. */
  readonly faults: readonly string[];
  /** When the API server last confirmed the one that it has confirmed the longest ago. */
  readonly confirmed: Date;
  /** Ends following. */
  close(): Promise<void>;
}

export interface HoldOptions {
  readonly clock: () => Date;
  readonly onFault: (collection: Collection, error: AppError) => void;
}

interface Held {
  objects?: readonly KubeObject[];
  fault?: string;
  confirmed: Date;
}

export function holdCollections<Name extends string>(
  client: KubeClient,
  collections: Readonly<Record<Name, Collection>>,
  options: HoldOptions,
): HeldCollections<Name> {
  const end = new AbortController();
  const names = Object.keys(collections) as Name[];
  const held = new Map<Name, Held>(names.map((name) => [name, { confirmed: new Date(0) }]));
  const listeners = new Set<(name: string) => void>();
  const isComplete = () => held.values().every(({ objects }) => objects !== undefined);
  const follow = async (name: Name, one: Held) =>
    await followCollection(client, collections[name], {
      signal: end.signal,
      onChange: (objects) => {
        one.objects = objects;
        for (const listener of listeners) listener(name);
      },
      onContact: () => {
        one.confirmed = options.clock();
        delete one.fault;
      },
      onFault: (error) => {
        if (one.fault !== error.message) options.onFault(collections[name], error);
        one.fault = error.message;
      },
    });
  const following = Promise.all(held.entries().map(([name, one]) => follow(name, one)));
  return {
    get objects() {
      if (!isComplete()) return undefined;
      return Object.fromEntries(held.entries().map(([name, { objects }]) => [name, objects])) as Record<
        Name,
        readonly KubeObject[]
      >;
    },
    list: (name) => held.get(name)?.objects,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    get faults() {
      return [...held.values()].flatMap(({ fault }) => (fault === undefined ? [] : [fault]));
    },
    get confirmed() {
      return new Date(Math.min(...held.values().map(({ confirmed }) => confirmed.getTime())));
    },
    close: async () => {
      end.abort();
      await following;
    },
  };
}
