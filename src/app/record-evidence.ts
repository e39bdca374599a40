/** Keeps what is signed as it is stored, for who wants it as files too, or as files alone. */
import { parseImageManifest, type Manifest, type Repository } from '../artifacts/index.ts';
import { AppError, digestOf, type Descriptor, type Digest, type Ports } from '../core/index.ts';
import type { PublicKey, SignatureFormat, Stored } from '../trust/index.ts';
import { writeParts } from './write-parts.ts';

/** Paths. */
export interface EvidenceFiles {
  /** Sigstore bundle. */
  readonly bundle?: string | undefined;
  /** What a layer under cosign's tag holds: base64, the signed bytes, PEM; of an attestation the payload is the envelope. */
  readonly signature?: string | undefined;
  readonly payload?: string | undefined;
  readonly certificate?: string | undefined;
}

export interface SignedEvidence {
  readonly stored: readonly Stored[];
  /** Whose signature it is: others may have signed the same payload. */
  readonly key: PublicKey;
}

export interface Recorder {
  /** Reads as the other; what is written is kept here, and goes to the other unless nothing is to be stored. */
  readonly repository: Repository;
  /** Gives the paths. */
  write(ports: Pick<Ports, 'files'>, signed: SignedEvidence, wanted: EvidenceFiles): Promise<readonly string[]>;
}

const SIGNATURE = 'dev.cosignproject.cosign/signature';
const CERTIFICATE = 'dev.sigstore.cosign/certificate';

export function recordEvidence(other: Repository, isStored: boolean): Recorder {
  const blobs = new Map<Digest, Uint8Array>();
  /** By digest, and where nothing is stored by tag too. */
  const manifests = new Map<string, Manifest>();
  const repository: Repository = {
    name: other.name,
    findManifest: async (target, signal) => manifests.get(target) ?? (await other.findManifest(target, signal)),
    fetchManifest: async (target, signal) => manifests.get(target) ?? (await other.fetchManifest(target, signal)),
    fetchBlob: (...words) => other.fetchBlob(...words),
    streamBlob: (...words) => other.streamBlob(...words),
    listReferrers: (...words) => other.listReferrers(...words),
    listTags: (signal) => other.listTags(signal),
    hasBlob: (...words) => other.hasBlob(...words),
    deleteManifest: (...words) => other.deleteManifest(...words),
    pushBlob: async (blob, content, signal) => {
      if (content instanceof Uint8Array) blobs.set(blob.digest, content);
      if (isStored) await other.pushBlob(blob, content, signal);
    },
    pushManifest: async (bytes, mediaType, target, signal) => {
      const digest = digestOf(bytes);
      const descriptor: Descriptor = isStored
        ? await other.pushManifest(bytes, mediaType, target, signal)
        : { mediaType, digest, size: bytes.length };
      manifests.set(digest, { descriptor, bytes });
      if (!isStored && target !== undefined) manifests.set(target, { descriptor, bytes });
      return descriptor;
    },
  };
  return {
    repository,
    write: async (ports, { stored, key }, { bundle: bundlePath, signature, payload, certificate }) => {
      const [bundle, legacy] = (['bundle', 'legacy'] as const).map((form) =>
        stored.find(({ format }) => format === form),
      );
      const signed = legacy && blobs.get(legacy.source);
      const isOwn = ({ digest, annotations = {} }: Descriptor) =>
        digest === legacy?.source && key.verify(signed ?? new Uint8Array(), decode(annotations[SIGNATURE]));
      const isLayerWanted = (signature ?? certificate) !== undefined;
      const manifest = legacy && isLayerWanted ? await repository.fetchManifest(legacy.manifest) : undefined;
      const annotations = (manifest && parseImageManifest(manifest).layers.find(isOwn)?.annotations) ?? {};
      return await writeParts(ports, [
        [bundlePath, bundle && blobs.get(bundle.source)],
        [signature, annotations[SIGNATURE]],
        [payload, signed],
        [certificate, annotations[CERTIFICATE]],
      ]);
    },
  };
}

function decode(signature = ''): Uint8Array {
  return Buffer.from(signature, 'base64');
}

/** Whether any is named. Throws `usage` for one of a form that is not signed in. */
export function checkFiles(files: EvidenceFiles, formats: readonly SignatureFormat[]): boolean {
  const { bundle, signature, payload, certificate } = files;
  const legacy = signature ?? payload ?? certificate;
  if (bundle !== undefined && !formats.includes('bundle')) throw otherForm(bundle, 'bundle');
  if (legacy !== undefined && !formats.includes('legacy')) throw otherForm(legacy, 'legacy');
  return (bundle ?? legacy) !== undefined;
}

function otherForm(path: string, format: string): AppError {
  return new AppError('usage', `${path}: expected --format ${format} or both beside it`);
}
