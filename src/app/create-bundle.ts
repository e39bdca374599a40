/** A Sigstore bundle of what other tools keep in files of their own. */
import type { Ports } from '../core/index.ts';
import { assembleBundle, openPublicKey } from '../trust/index.ts';
import { MAX_BLOB_BYTES } from './sign.ts';

/** Paths, but for the key. */
export interface CreateBundleInput {
  readonly artifact?: string | undefined;
  readonly signature?: string | undefined;
  readonly envelope?: string | undefined;
  readonly oldBundle?: string | undefined;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  readonly logEntry?: string | undefined;
  readonly timestamp?: string | undefined;
  /** Where the bundle goes. */
  readonly out?: string | undefined;
}

/** An envelope is the largest of the parts. */
const MAX_PART_BYTES = 128 * 1024 * 1024;

/** Gives the bundle's JSON. */
export async function createBundle(ports: Ports, input: CreateBundleInput): Promise<string> {
  const bytesOf = async (path: string | undefined, max = MAX_PART_BYTES): Promise<Uint8Array | undefined> =>
    path === undefined ? undefined : await ports.files.read(path, max);
  const textOf = async (path: string | undefined): Promise<string | undefined> => {
    const bytes = await bytesOf(path);
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
  };
  const bundle = assembleBundle({
    artifact: await bytesOf(input.artifact, MAX_BLOB_BYTES),
    signature: await textOf(input.signature),
    envelope: await textOf(input.envelope),
    oldBundle: await textOf(input.oldBundle),
    certificate: await textOf(input.certificate),
    key: input.key === undefined ? undefined : await openPublicKey(ports, input.key),
    logEntry: await textOf(input.logEntry),
    timestamp: await bytesOf(input.timestamp),
  });
  if (input.out !== undefined) await ports.files.writeAtomic(input.out, bundle);
  return bundle;
}
