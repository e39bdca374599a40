/** Attests images in registries. */
import { AppError, formatReference, parseReference, targetOf } from '../core/index.ts';
import type { Digest, Ports } from '../core/index.ts';
import { findSubject, parseStatement, predicateFromFile, predicateTypeOf } from '../attestations/index.ts';
import { attestImage } from '../trust/index.ts';
import type { ImageAttestation, Stored } from '../trust/index.ts';
import { openSigner, type OpenedSigner } from './open-signer.ts';
import { openSignedRepository } from './evidence-repository.ts';
import { checkFiles, recordEvidence, type EvidenceFiles } from './record-evidence.ts';
import { identityOf, signOptions } from './sign.ts';
import type { SigningInput } from './sign.ts';

const MAX_PREDICATE_BYTES = 96 * 1024 * 1024;

/** The URI of a predicate's short name, for commands. */
export const resolvePredicateType = predicateTypeOf;

/** Each a path, or the bytes themselves. */
type Claim =
  /** `type` is a short name (`spdxjson`) or a URI. */
  | { readonly type: string; readonly predicate: string | Uint8Array }
  /** The whole in-toto statement. */
  | { readonly statement: string | Uint8Array };

export type AttestInput = SigningInput &
  Claim & {
    readonly reference: string;
    /** Also written to these files, or to them alone. */
    readonly files?: EvidenceFiles;
    readonly isStored?: boolean;
  };

export interface AttestedImage {
  readonly reference: string;
  readonly digest: Digest;
  readonly keyId: Digest;
  readonly identity?: OpenedSigner['identity'];
  readonly predicateType: string;
  readonly stored: readonly Stored[];
  /** Paths of files. */
  readonly written: readonly string[];
}

/** Wraps the predicate in a statement about the image, or takes one that is about it; signs it and stores it beside the image. */
export async function attest(ports: Ports, input: AttestInput, signal?: AbortSignal): Promise<AttestedImage> {
  checkFiles(input.files ?? {}, input.formats);
  const claimFor = await readClaim(ports, input);
  const signer = await openSigner(ports, input, signal);
  const reference = parseReference(input.reference);
  const repository = openSignedRepository(ports, reference, input.access);
  const subject = (await repository.fetchManifest(targetOf(reference), signal)).descriptor;
  const { digest } = subject;
  const claim = claimFor(digest);
  const options = signOptions(ports, signer, input, signal);
  const { files = {}, isStored = true } = input;
  const recorder = recordEvidence(repository, isStored);
  const stored = await attestImage(recorder.repository, { subject, ...claim }, options);
  const written = await recorder.write(ports, { stored, key: signer.key.publicKey }, files);
  const { predicateType } = claim;
  const named = formatReference({ ...reference, digest });
  const { keyId } = signer.key.publicKey;
  const kept = isStored ? stored : [];
  return { reference: named, digest, keyId, ...identityOf(signer), predicateType, stored: kept, written };
}

type Claimed = Omit<ImageAttestation, 'subject'>;

/** What is malformed is said before anybody is asked to sign. */
async function readClaim(ports: Ports, claim: Claim): Promise<(image: Digest) => Claimed> {
  if ('statement' in claim) return await readStatement(ports, claim.statement);
  const predicateType = predicateTypeOf(claim.type);
  const { content, what } = await readInput(ports, claim.predicate, 'predicate');
  const predicate = predicateFromFile(predicateType, content, { what, at: ports.clock() });
  return () => ({ predicateType, predicate });
}

/** Throws `invalid-input` for one that is not about the image. */
async function readStatement(ports: Ports, given: string | Uint8Array): Promise<(image: Digest) => Claimed> {
  const { content, what } = await readInput(ports, given, 'statement');
  const statement = parseStatement(content, what);
  return (image) => {
    const { predicateType, predicate } = statement;
    if (findSubject(statement, image) !== undefined) return { predicateType, predicate, statement: content };
    throw new AppError('invalid-input', `${what}: expected a statement about ${image}, found one about other subjects`);
  };
}

async function readInput(ports: Ports, given: string | Uint8Array, kind: string) {
  if (typeof given !== 'string') return { content: given, what: kind };
  return { content: await ports.files.read(given, MAX_PREDICATE_BYTES), what: given };
}
