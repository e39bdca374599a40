/** Sigstore's own verifier for JavaScript, from where the peers are kept. */
import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** The few names of the library that are used here. */
interface SigstoreJs {
  readonly toTrustMaterial: (root: unknown) => unknown;
  readonly toSignedEntity: (bundle: unknown, content?: Buffer) => unknown;
  readonly Verifier: new (material: unknown) => { verify(entity: unknown, policy: unknown): unknown };
}

interface Bundle {
  readonly content: { readonly $case: string };
}

/** `root` is the JSON of a trusted root. What is given back throws when the bundle does not verify. */
export function openSigstoreJs(
  peer: string,
  root: string,
): (bundle: string, content: Buffer, who: { readonly identity: string; readonly issuer: string }) => void {
  const require = createRequire(realpathSync(join(peer, 'package.json')));
  const { toTrustMaterial, toSignedEntity, Verifier } = require(peer) as SigstoreJs;
  const { bundleFromJSON } = require('@sigstore/bundle') as { bundleFromJSON: (value: unknown) => Bundle };
  const { TrustedRoot } = require('@sigstore/protobuf-specs') as {
    TrustedRoot: { fromJSON: (value: unknown) => unknown };
  };
  const verifier = new Verifier(toTrustMaterial(TrustedRoot.fromJSON(JSON.parse(root))));
  return (text, content, { identity, issuer }) => {
    const bundle = bundleFromJSON(JSON.parse(text));
    const given = bundle.content.$case === 'messageSignature' ? content : undefined;
    verifier.verify(toSignedEntity(bundle, given), { subjectAlternativeName: identity, extensions: { issuer } });
  };
}
