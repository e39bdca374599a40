/** References of Conan (docs.conan.io): `name/version[@user/channel][#recipe revision][:package[#package revision]][%time]`. */
import type { Given } from '../../components.ts';

export interface ConanReference {
  readonly name: string;
  readonly version: string;
  readonly user?: string | undefined;
  readonly channel?: string | undefined;
  /** Of the recipe. */
  readonly revision?: string | undefined;
}

const REFERENCE = /^([\w][\w.+-]*)\/([^@#:%\s/[\]]+)(?:@([^/#:%\s]+)\/([^#:%\s]+))?(?:#([^:%\s]*))?(?:[:%].*)?$/;

/** Undefined for what names no version: a range, or a name alone. */
export function findConanReference(text: string): ConanReference | undefined {
  const [, name, version, user, channel, revision] = REFERENCE.exec(text.trim()) ?? [];
  if (name === undefined || version === undefined) return undefined;
  return { name, version, user: named(user), channel: named(channel), revision };
}

/** `_` stands for none in the folders of the cache. */
export function named(text: string | undefined): string | undefined {
  return text === undefined || text === '_' || text === '' ? undefined : text;
}

export function conanIdentity({ name, version, user, channel, revision }: ConanReference): Given {
  return {
    name,
    version,
    purl: { type: 'conan', namespace: user, name, version, qualifiers: { channel } },
    ...(revision === undefined || revision === '' ? {} : { properties: { 'conan:rrev': revision } }),
  };
}
