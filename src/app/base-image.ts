/** The image that another one was built from: which one it is, and which layers are its. */
import { guessBaseLayers, instructionOf, openImage, stepsOf } from '../artifacts/index.ts';
import type { Image, ImageConfig } from '../artifacts/index.ts';
import { AppError, findDigest, formatReference, parseReference, referenceWithDigest } from '../core/index.ts';
import type { Platform, Ports } from '../core/index.ts';
import type { BaseImage, Sbom } from '../metadata/sbom/index.ts';
import { nameByDigest, openNamed } from './open-artifact.ts';
import type { OpenedImage } from './open-source.ts';
import { accessBeside, type RepositoryAccess } from './registry.ts';
import { resolveSource } from './resolve-source.ts';

export const BASE_NAME = 'org.opencontainers.image.base.name';
export const BASE_DIGEST = 'org.opencontainers.image.base.digest';
/** In the place of a base: the one that the image's annotations or labels name. */
export const NAMED_BASE = 'auto';

export interface BaseInput {
  readonly image: OpenedImage;
  /** An image wherever it is, or `NAMED_BASE`; absent: a guess from the history, for which nothing is fetched. */
  readonly base?: string | undefined;
  readonly access?: RepositoryAccess | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What an SBOM says of the layers. Throws `invalid-input` for an image that does not stand on the given base. */
export async function describeBase(ports: Ports, input: BaseInput): Promise<Pick<Sbom, 'layers' | 'base'>> {
  const found = await findBase(ports, input);
  const steps = stepsOf(input.image.config)?.map(instructionOf);
  const layers = input.image.layers.map(({ descriptor, diffId }, index) => {
    const instruction = steps?.[index] ?? '';
    return {
      index,
      digest: descriptor.digest,
      diffId,
      ...(instruction === '' ? {} : { instruction }),
      isBase: index < (found?.layers ?? 0),
    };
  });
  return { layers, ...(found === undefined ? {} : { base: found.base }) };
}

export interface FoundBase {
  readonly base: BaseImage;
  /** How many of the image's layers are its. */
  readonly layers: number;
}

async function findBase(ports: Ports, input: BaseInput): Promise<FoundBase | undefined> {
  const claim = claimOf(input.image);
  const isNamed = input.base === NAMED_BASE;
  const source = isNamed ? referenceTo(claim) : input.base;
  if (source !== undefined) {
    const { image, access, signal } = input;
    const platform = platformOfImage(image.config);
    return await openBase(ports, source, { image, platform, isNamed, access, signal });
  }
  const layers = guessBaseLayers(input.image.config);
  return layers === undefined ? undefined : { layers, base: { ...claim, foundBy: 'history', isExcluded: false } };
}

/** Annotations of the manifest go before labels of the configuration. */
function claimOf({ manifest, config }: OpenedImage): Pick<BaseImage, 'name' | 'digest'> {
  const said = (key: string) => manifest.annotations[key] ?? config.labels[key];
  const name = said(BASE_NAME);
  const digest = findDigest(said(BASE_DIGEST) ?? '');
  return { ...(name === undefined ? {} : { name }), ...(digest === undefined ? {} : { digest }) };
}

/** A digest alone does not say where the image is. */
export function referenceTo({ name, digest }: Pick<BaseImage, 'name' | 'digest'>): string | undefined {
  if (name === undefined) return undefined;
  const reference = parseReference(name);
  return `registry:${formatReference(digest === undefined ? reference : referenceWithDigest(reference, digest))}`;
}

/** The layers of an image, lowest first, wherever they are told. */
interface Layered {
  readonly digest: string;
  readonly layers: readonly { readonly diffId: string }[];
}

interface BaseAccess extends Pick<BaseInput, 'access' | 'signal'> {
  readonly image: Layered & Pick<OpenedImage, 'reference'>;
  /** Of a base for several platforms. */
  readonly platform: Platform | undefined;
  /** Whether it is the image that names its base, not the user. */
  readonly isNamed: boolean;
}

/** Throws `invalid-input` for an image that does not stand on it. */
export async function openBase(
  ports: Ports,
  source: string,
  { image, platform, isNamed, access, signal }: BaseAccess,
): Promise<FoundBase> {
  const name = await resolveSource(ports, source);
  const target = image.reference === undefined ? undefined : parseReference(image.reference);
  const isBeside = name.scheme === 'registry' && target !== undefined;
  const opened = await openNamed(ports, name, isBeside ? accessBeside(access, target, name.reference) : access);
  const { layers, root } = await openImage(opened.repository, await opened.findTarget(), { platform, signal });
  refuseOtherBase(image, { layers }, nameByDigest(opened, root.digest));
  const base = {
    name: opened.reference === undefined ? source : formatReference(opened.reference),
    digest: root.digest,
    foundBy: isNamed ? 'annotations' : 'given',
    isExcluded: false,
  } as const;
  return { base, layers: layers.length };
}

export function platformOfImage({ os, architecture, variant }: ImageConfig): Platform | undefined {
  if (os === undefined || architecture === undefined) return undefined;
  return { os, architecture, ...(variant === undefined || variant === '' ? {} : { variant }) };
}

/** Throws `invalid-input` where the image's lower layers are not those of the base. */
export function refuseOtherBase(image: Layered, base: Pick<Image, 'layers'>, name: string): void {
  const at = base.layers.findIndex(({ diffId }, index) => image.layers[index]?.diffId !== diffId);
  if (at < 0) return;
  const found = image.layers[at]?.diffId ?? 'no layer';
  const expected = `expected layer ${at} of ${name}, ${String(base.layers[at]?.diffId)}, found ${found}`;
  throw new AppError('invalid-input', `image ${image.digest} is not based on it: ${expected}`);
}
