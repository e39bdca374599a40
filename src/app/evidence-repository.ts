/**
 * An image's repository as signers and verifiers see it: where COSIGN_REPOSITORY names another one, signatures, attestations and whatever
 * else refers to the image are kept there, as cosign does it.
 */
import type { Manifest, Repository } from '../artifacts/index.ts';
import { AppError, findDigest, formatReference, parseReference, type Ports, type Reference } from '../core/index.ts';
import { openNamed, type OpenedArtifact } from './open-artifact.ts';
import { accessBeside, openRepository, type RepositoryAccess } from './registry.ts';
import type { SourceName } from './resolve-source.ts';

/** Of the image itself where nothing else is said. Throws `usage` for a COSIGN_REPOSITORY with a tag or a digest. */
export function evidenceReference({ environment }: Pick<Ports, 'environment'>, image: Reference): Reference {
  const { COSIGN_REPOSITORY: text = '' } = environment;
  const { registry, repository } = image;
  if (text === '') return { registry, repository };
  const other = parseReference(text);
  if (other.tag === undefined && other.digest === undefined) return other;
  throw new AppError('usage', `COSIGN_REPOSITORY: expected a repository alone, found ${formatReference(other)}`);
}

/** Reads the image where it is; what refers to it, and all that is written or removed, is in the repository of evidence. */
export function openSignedRepository(ports: Ports, image: Reference, access?: RepositoryAccess): Repository {
  const repository = openRepository(ports, image, access);
  const other = evidenceReference(ports, image);
  if (other.registry === image.registry && other.repository === image.repository) return repository;
  return beside(repository, openRepository(ports, other, accessBeside(access, image, other)));
}

/** The same for whatever may be named, to read it. */
export async function openSignedArtifact(
  ports: Ports,
  name: SourceName,
  access?: RepositoryAccess,
): Promise<OpenedArtifact> {
  const opened = await openNamed(ports, name, access);
  if (opened.reference === undefined) return opened;
  return { ...opened, repository: openSignedRepository(ports, opened.reference, access) };
}

const EVIDENCE_TAG = /^sha(?:256|512)-[0-9a-f]+\.(?:sig|att|sbom)$/;

function beside(image: Repository, evidence: Repository): Repository {
  const findManifest = async (target: string, signal?: AbortSignal): Promise<Manifest | undefined> => {
    if (EVIDENCE_TAG.test(target)) return await evidence.findManifest(target, signal);
    const found = await image.findManifest(target, signal);
    return found ?? (findDigest(target) === undefined ? undefined : await evidence.findManifest(target, signal));
  };
  return {
    name: image.name,
    findManifest,
    fetchManifest: async (target, signal) =>
      (await findManifest(target, signal)) ?? (await image.fetchManifest(target, signal)),
    // what is read whole is evidence, but for an image's configuration
    fetchBlob: async (...words) =>
      await evidence.fetchBlob(...words).catch(async (error: unknown) => {
        if (!isAbsent(error)) throw error;
        return await image.fetchBlob(...words);
      }),
    streamBlob: async function* (...words) {
      let isBegun = false;
      try {
        for await (const chunk of image.streamBlob(...words)) {
          isBegun = true;
          yield chunk;
        }
      } catch (error) {
        if (isBegun || !isAbsent(error)) throw error;
        yield* evidence.streamBlob(...words);
      }
    },
    listTags: (signal) => image.listTags(signal),
    listReferrers: (...words) => evidence.listReferrers(...words),
    hasBlob: (...words) => evidence.hasBlob(...words),
    pushBlob: (...words) => evidence.pushBlob(...words),
    pushManifest: (...words) => evidence.pushManifest(...words),
    deleteManifest: (...words) => evidence.deleteManifest(...words),
  };
}

function isAbsent(error: unknown): boolean {
  return error instanceof AppError && error.kind === 'not-found';
}
