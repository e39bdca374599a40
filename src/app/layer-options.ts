/** Which of an image's components are asked for, by layer; of a stored SBOM as far as the document tells of layers. */
import { AppError } from '../core/index.ts';
import type { ErrorKind, Platform, Ports } from '../core/index.ts';
import { parsePlatform } from '../artifacts/index.ts';
import { excludeBase, excludeDeleted, LAYER_SCOPES } from '../metadata/sbom/index.ts';
import type { LayerScope, Sbom } from '../metadata/sbom/index.ts';
import { NAMED_BASE, openBase, referenceTo } from './base-image.ts';
import type { RepositoryAccess } from './registry.ts';

export interface LayerOptions {
  /** What an image stands on, see `BaseInput`; absent: guessed from its history, or what the document says. */
  readonly base?: string | undefined;
  /** Leaves out what the base image brought. */
  readonly excludesBase?: boolean;
  /**
   * Whether there is also what lower layers hold and upper ones took away, marked as such. Absent: not of an image, and of a document what
   * it has.
   */
  readonly scope?: LayerScope | undefined;
}

interface StoredOptions extends LayerOptions {
  /** Of the document, for messages. */
  readonly path: string;
  /** Of a base for several platforms; the document's own when absent. */
  readonly platform?: string | undefined;
  readonly access?: RepositoryAccess;
  readonly signal?: AbortSignal;
}

/** Throws `usage`: what has no layers. */
export function refuseLayerOptions({ base, excludesBase = false, scope }: LayerOptions, name: string): void {
  if (base !== undefined || excludesBase || scope === 'all-layers')
    throw new AppError('usage', `${name}: expected an image with its layers, found none`);
}

/** Nothing is left out silently: throws for an image `invalid-input`, `usage` for a document. */
export function requireBase({ base }: Pick<Sbom, 'base'>, name: string, kind: ErrorKind): void {
  if (base === undefined)
    throw new AppError(kind, `${name}: expected a base image, found no trace of one`, {
      hint: 'name it with --base',
    });
}

/** Of a stored SBOM. Throws `usage` for what the document does not tell, `invalid-input` for an image that does not stand on the base. */
export async function selectLayers(ports: Ports, sbom: Sbom, options: StoredOptions): Promise<Sbom> {
  const { path, scope, excludesBase = false } = options;
  if (sbom.layers === undefined) refuseLayerOptions(options, path);
  const hasAll = sbom.layerScope === 'all-layers' || sbom.components.some(({ deletedBy }) => deletedBy !== undefined);
  if (scope === 'all-layers' && !hasAll)
    throw new AppError(
      'usage',
      `--scope: expected an SBOM with what upper layers took away, found none of it in ${path}`,
      {
        hint: 'make it of the image, with --scope all-layers',
      },
    );
  const present = scope === 'squashed' ? excludeDeleted(sbom) : sbom;
  const based =
    options.base === undefined ? present : await placeOnBase(ports, present, { ...options, base: options.base });
  if (!excludesBase) return based;
  requireBase(based, path, 'usage');
  return excludeBase(based);
}

async function placeOnBase(
  ports: Ports,
  sbom: Sbom,
  options: StoredOptions & { readonly base: string },
): Promise<Sbom> {
  const { path, access, signal } = options;
  if (sbom.base?.isExcluded === true)
    throw new AppError('usage', `--base: expected an SBOM with what the base image brought, found ${path} without`);
  const isNamed = options.base === NAMED_BASE;
  const source = isNamed ? findNamedBase(sbom, path) : options.base;
  if (source === undefined) return sbom;
  const { layers = [], subject } = sbom;
  const { platform: own = subject.platform } = options;
  const platform: Platform | undefined = own === undefined ? undefined : parsePlatform(own);
  const image = { digest: subject.digest ?? subject.name, layers };
  const found = await openBase(ports, source, { image, platform, isNamed, access, signal });
  return {
    ...sbom,
    base: found.base,
    layers: layers.map((layer, index) => ({ ...layer, isBase: index < found.layers })),
  };
}

/** Undefined where the document has it already, or a guess and no name. */
function findNamedBase({ base }: Sbom, path: string): string | undefined {
  if (base === undefined || base.foundBy === 'given')
    throw new AppError(
      'usage',
      `--base auto: expected an SBOM that says which base its image names, found none in ${path}`,
      {
        hint: 'name the base image',
      },
    );
  return base.foundBy === 'annotations' ? undefined : referenceTo(base);
}

export { LAYER_SCOPES };
