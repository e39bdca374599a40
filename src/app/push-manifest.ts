/** A manifest or index into a registry, byte for byte. */
import { OCI_INDEX, OCI_MANIFEST } from '../artifacts/index.ts';
import { AppError, digestOf, isRecord, parseJson, type Ports } from '../core/index.ts';
import { intoTarget } from './edit-target.ts';
import { parseTarget } from './open-target.ts';
import type { Pushed } from './push-artifact.ts';
import type { RepositoryAccess } from './registry.ts';

/** What registries must take, after the distribution specification. */
export const MAX_PUSHED_MANIFEST_BYTES = 4 * 1024 * 1024;

export interface PushManifestInput {
  /** With tags, or with the digest of the content, see parseTarget; with neither the manifest is kept by its digest alone. */
  readonly reference: string;
  /** Path, or the content itself. */
  readonly source: string | Uint8Array;
  /** Absent: what the document says, else an OCI index or manifest by its form. */
  readonly mediaType?: string | undefined;
  readonly access?: RepositoryAccess;
}

/** The registry checks that what it names is there. Throws `invalid-input` for what is no manifest or not of the digest. */
export async function pushManifest(ports: Ports, input: PushManifestInput, signal: AbortSignal): Promise<Pushed> {
  const target = parseTarget(input.reference);
  const { source } = input;
  const bytes = typeof source === 'string' ? await ports.files.read(source, MAX_PUSHED_MANIFEST_BYTES) : source;
  const mediaType = input.mediaType ?? typeOf(bytes);
  const digest = digestOf(bytes);
  const expected = target.scheme === 'registry' ? target.reference.digest : undefined;
  if (expected !== undefined && expected !== digest) {
    throw new AppError('invalid-input', `expected a manifest with digest ${expected}, found ${digest}`);
  }
  const manifest = { bytes, descriptor: { mediaType, digest, size: bytes.length } };
  return await intoTarget(ports, { target, access: input.access }, async () => manifest, signal);
}

function typeOf(bytes: Uint8Array): string {
  const document = parseJson(bytes, { what: 'manifest to push', maxBytes: MAX_PUSHED_MANIFEST_BYTES });
  if (!isRecord(document)) throw new AppError('invalid-input', 'expected a manifest to push, found another document');
  if (typeof document.mediaType === 'string' && document.mediaType !== '') return document.mediaType;
  return Array.isArray(document.manifests) ? OCI_INDEX : OCI_MANIFEST;
}
