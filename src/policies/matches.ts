/** What satisfied a policy's authorities, as the rules over all of them find it: the PolicyResult of Sigstore's policy-controller. */
import type { Evidence, VerifiedAttestation } from '../core/index.ts';

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
      return { signatures: match.signatures.map(describeEvidence) };
    case 'attestations': {
      const named = [...match.attestations].map(([name, found]): [string, readonly Json[]] => [
        name,
        found.map((item) => ({ ...describeEvidence(item), predicateType: item.predicateType, digest: item.artifact })),
      ]);
      return { attestations: Object.fromEntries(named) };
    }
  }
}

/** `id` tells signatures apart and says nothing else. */
function describeEvidence({ signer, source, proof }: Evidence): Json {
  const id = source.slice(source.indexOf(':') + 1);
  if (signer.kind === 'key') return { id };
  const claims = Object.entries(CLAIMS).flatMap(([name, number]) => {
    const claim = proof?.claims[number];
    return claim === undefined ? [] : [[name, claim]];
  });
  return { id, subject: signer.subject, issuer: signer.issuer, ...Object.fromEntries(claims) };
}
