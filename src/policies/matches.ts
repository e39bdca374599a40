/** What satisfied a policy's authorities, as the rules over all of them find it: the PolicyResult of Sigstore's policy-controller. */
import { digestOf, hexOf } from '../core/index.ts';
import type { Digest, Evidence, VerifiedAttestation } from '../core/index.ts';

/** What satisfied one authority; nothing is in it where it is not satisfied. */
export type Match =
  | { readonly name: string; readonly kind: 'static'; readonly passes: boolean }
  | { readonly name: string; readonly kind: 'signatures'; readonly signatures: readonly Evidence[] }
  | {
      readonly name: string;
      readonly kind: 'attestations';
      /** Those that hold, by the name of the rule. */
      readonly attestations: ReadonlyMap<string, readonly VerifiedAttestation[]>;
    };

type Json = Readonly<Record<string, unknown>>;

/** Fulcio's claims (1.3.6.1.4.1.57264.1.N) under the names that rules know them by. */
const CLAIMS: Readonly<Record<string, string>> = {
  githubWorkflowTrigger: '2',
  githubWorkflowSha: '3',
  githubWorkflowName: '4',
  githubWorkflowRepo: '5',
  githubWorkflowRef: '6',
};

/**
 * By authority. Those that are not satisfied are there, and empty: where a name is absent CUE takes any demand on it for met, once
 * somebody brings it.
 */
export function describeMatches(matches: readonly Match[]): Json {
  return Object.fromEntries(matches.map((match) => [match.name, describeMatch(match)]));
}

function describeMatch(match: Match): Json {
  switch (match.kind) {
    case 'static':
      return { static: match.passes };
    case 'signatures':
      return { signatures: listOnce(match.signatures, describeEvidence) };
    case 'attestations': {
      const named = [...match.attestations].map(([name, found]): [string, readonly Json[]] => [
        name,
        listOnce(found, (item, id) => ({
          ...describeEvidence(item, id),
          predicateType: item.predicateType,
          digest: item.artifact,
        })),
      ]);
      return { attestations: Object.fromEntries(named) };
    }
  }
}

/** What one signer said is there once, however often and in whichever form it is kept: rules count these. */
function listOnce<E extends Evidence>(found: readonly E[], describe: (item: E, id: Digest) => Json): readonly Json[] {
  return [...new Map(found.map((item) => [identify(item), item]))].map(([id, item]) => describe(item, id));
}

function identify(item: Evidence): Digest {
  const said = item.kind === 'signature' ? item.artifact : digestOf(item.payload);
  return digestOf(JSON.stringify([item.kind, said, item.signer, item.proof?.claims ?? {}]));
}

/** `id` tells apart who said what, and says nothing else. */
function describeEvidence({ signer, proof }: Evidence, id: Digest): Json {
  const own = { id: hexOf(id) };
  if (signer.kind === 'key') return own;
  const claims = Object.entries(CLAIMS).flatMap(([name, number]) => {
    const claim = proof?.claims[number];
    return claim === undefined ? [] : [[name, claim]];
  });
  return { ...own, subject: signer.subject, issuer: signer.issuer, ...Object.fromEntries(claims) };
}
