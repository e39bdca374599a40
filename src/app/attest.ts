/** Attests images in registries. */
import { formatReference, parseReference, targetOf } from '../core/index.ts';
import type { Digest, Ports } from '../core/index.ts';
import { predicateFromFile, predicateTypeOf } from '../attestations/index.ts';
import { attestImage } from '../trust/index.ts';
import type { Stored } from '../trust/index.ts';
import { openSigner, type OpenedSigner } from './open-signer.ts';
import { openSignedRepository } from './evidence-repository.ts';
import { identityOf, signOptions } from './sign.ts';
import type { SigningInput } from './sign.ts';

const MAX_PREDICATE_BYTES = 96 * 1024 * 1024;

/** The URI of a predicate's short name, for commands. */
export const resolvePredicateType = predicateTypeOf;

export interface AttestInput extends SigningInput {
  readonly reference: string;
  /** A short name (`spdxjson`) or a URI. */
  readonly type: string;
  /** A path, or the bytes themselves. */
  readonly predicate: string | Uint8Array;
}

export interface AttestedImage {
  readonly reference: string;
  readonly digest: Digest;
  readonly keyId: Digest;
  readonly identity?: OpenedSigner['identity'];
  readonly predicateType: string;
  readonly stored: readonly Stored[];
}

/** Wraps the predicate in a statement about the image, signs it and stores it beside the image. */
export async function attest(ports: Ports, input: AttestInput, signal?: AbortSignal): Promise<AttestedImage> {
  const predicateType = predicateTypeOf(input.type);
  const what = typeof input.predicate === 'string' ? input.predicate : 'predicate';
  const content =
    typeof input.predicate === 'string'
      ? await ports.files.read(input.predicate, MAX_PREDICATE_BYTES)
      : input.predicate;
  const predicate = predicateFromFile(predicateType, content, { what, at: ports.clock() });
  const signer = await openSigner(ports, input, signal);
  const reference = parseReference(input.reference);
  const repository = openSignedRepository(ports, reference, input.access);
  const subject = (await repository.fetchManifest(targetOf(reference), signal)).descriptor;
  const options = signOptions(ports, signer, input, signal);
  const stored = await attestImage(repository, { subject, predicateType, predicate }, options);
  const { digest } = subject;
  const named = formatReference({ ...reference, digest });
  return { reference: named, digest, keyId: signer.key.publicKey.keyId, ...identityOf(signer), predicateType, stored };
}
