/** An image on another base: the old base's layers give way to the new one's, all above stays as it is. */
import { openImage, type Image, type Repository } from '../artifacts/index.ts';
import {
  AppError,
  formatReference,
  isRecord,
  parseReference,
  referenceWithDigest,
  targetOf,
  parseDigest,
  type Ports,
  type Reference,
} from '../core/index.ts';
import { BASE_DIGEST, BASE_NAME, platformOfImage, refuseOtherBase } from './base-image.ts';
import { bringLayers, editImage, partsOf, type EditInput, type ImageParts } from './edit-image.ts';
import { createdAt, type Pushed } from './push-artifact.ts';
import { accessBeside, openRepository } from './registry.ts';

export interface RebaseInput extends EditInput {
  /** Absent: what the image's annotation `org.opencontainers.image.base.digest` says, in the repository of the new base. */
  readonly oldBase?: string | undefined;
  /** Absent: what the image's annotation `org.opencontainers.image.base.name` says. */
  readonly newBase?: string | undefined;
}

/** Throws `invalid-input` when the image's lower layers are not the old base's. */
export async function rebaseImage(ports: Ports, input: RebaseInput, signal: AbortSignal): Promise<Pushed> {
  const created = createdAt(ports);
  return await editImage(
    ports,
    input,
    async (image, parts, to) => {
      const { oldBase, newBase } = basesOf(input, image);
      const open = (base: Reference) => openBase(ports, { base, input, to, image }, signal);
      const [old, next] = [await open(oldBase), await open(newBase)];
      refuseOtherBase({ digest: image.descriptor.digest, layers: image.layers }, old, formatReference(oldBase));
      await bringLayers(ports, { from: next.repository, to, layers: next.layers }, signal);
      return { ...rebased({ parts, old, next }, created), annotations: annotationsOf(parts, newBase, next) };
    },
    signal,
  );
}

function basesOf(input: RebaseInput, { manifest, descriptor }: Image) {
  const { [BASE_NAME]: name, [BASE_DIGEST]: digest } = manifest.annotations;
  const found = input.newBase ?? name;
  if (found === undefined) throw unknown(descriptor.digest, 'new', '--new-base', BASE_NAME);
  const newBase = parseReference(found);
  if (input.oldBase !== undefined) return { newBase, oldBase: parseReference(input.oldBase) };
  if (digest === undefined) throw unknown(descriptor.digest, 'old', '--old-base', BASE_DIGEST);
  return { newBase, oldBase: referenceWithDigest(newBase, parseDigest(digest)) };
}

function unknown(digest: string, which: string, flag: string, annotation: string): AppError {
  return new AppError('usage', `image ${digest}: expected the ${which} base, found no annotation ${annotation}`, {
    hint: `give it with ${flag}`,
  });
}

interface BaseInput {
  readonly base: Reference;
  readonly input: RebaseInput;
  readonly to: Repository;
  readonly image: Image;
}

/** Of the same platform as the image. */
async function openBase(ports: Ports, { base, input, to, image }: BaseInput, signal: AbortSignal): Promise<Image> {
  const target = parseReference(to.name);
  const repository = openRepository(ports, base, accessBeside(input.access, target, base));
  return await openImage(repository, targetOf(base), { platform: platformOfImage(image.config), signal });
}

/** Configuration of the image, platform of the new base, layers and history of the new base and then the image's own. */
function rebased(
  { parts, old, next }: { readonly parts: ImageParts; readonly old: Image; readonly next: Image },
  created: string,
): Omit<ImageParts, 'annotations'> {
  const base = partsOf(next);
  const { os, architecture, variant, 'os.version': version } = base.config;
  const { variant: _, 'os.version': __, ...config } = parts.config;
  return {
    config: {
      ...config,
      created,
      os,
      architecture,
      ...(variant === undefined ? {} : { variant }),
      ...(version === undefined ? {} : { 'os.version': version }),
    },
    layers: [...base.layers, ...parts.layers.slice(old.layers.length)],
    history: [...base.history, ...ownHistory(parts.history, old.layers.length)],
  };
}

/** What comes after the base's last layer. Some builders write no history at all. */
function ownHistory(history: readonly unknown[], baseLayers: number): readonly unknown[] {
  let layers = 0;
  let at = 0;
  while (at < history.length && layers < baseLayers) {
    const entry = history[at];
    if (!isRecord(entry) || entry.empty_layer !== true) layers += 1;
    at += 1;
  }
  return history.slice(at);
}

function annotationsOf({ annotations }: ImageParts, base: Reference, { root }: Image) {
  const { registry, repository } = base;
  const name = formatReference({ registry, repository, tag: base.tag ?? targetOf({ registry, repository }) });
  return { ...annotations, ...(base.digest === undefined ? { [BASE_NAME]: name } : {}), [BASE_DIGEST]: root.digest };
}
