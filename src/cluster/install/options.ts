/** What an installation may choose; all else is the same everywhere. Values may be templates of Helm, which fills them in. */
export interface InstallOptions {
  readonly namespace: string;
  /** Reference of the container image, best by digest. */
  readonly image: string;
  readonly replicas: number;
  /** `opt-in`: namespaces with the label `policy.sigstore.dev/include=true`; `opt-out`: all without `policy.sigstore.dev/exclude=true`. */
  readonly namespaces: 'opt-in' | 'opt-out';
  /** Namespaces that are never judged, the first our own: what starts the cluster must not wait for us. */
  readonly exempt: readonly string[];
  /** Where images may come from, as CEL list; empty is everywhere. For the second line of defence. */
  readonly registries: string;
  /** Images of an index that policies look at: `nodes`, a list of platforms, or `any`. */
  readonly platforms: string;
  /** Whether an index is let in by the proofs of each of these. */
  readonly acceptPlatformProofs: boolean | string;
  /** Seconds that the API server waits for a verdict. */
  readonly timeoutSeconds: number;
}

export type Manifest = Readonly<Record<string, unknown>>;

export const NAME = 'plimsoll';
export const TLS_SECRET = 'plimsoll-tls';
export const PORT = 8443;
/** Labels by which the Service, the budget and the network policy find the pods. */
export const SELECTOR = { 'app.kubernetes.io/name': NAME };
export const LABELS = { ...SELECTOR, 'app.kubernetes.io/component': 'admission' };
