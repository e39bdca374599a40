/** What a trusted root or a signing configuration holds and until when, for people and for alarms before something ends. */
import { importPkcs1PublicKey, importSpki, parseCertificate } from '../crypto/index.ts';
import { decodeSigningConfig } from '../clients/signing-config.ts';
import { decodeTrustedRoot } from './trusted-root.ts';

export type MemberKind =
  | 'certificate authority'
  | 'log'
  | 'certificate log'
  | 'timestamp authority'
  | 'OpenID provider';

/** One service or key, for one period. */
export interface Member {
  readonly kind: MemberKind;
  readonly url: string;
  /** Algorithm and id of a key, or version of an interface. */
  readonly details: string;
  readonly from: Date;
  /** The first end among its period and its certificates. */
  readonly until: Date | undefined;
  /** `past` ones still prove what was signed in their time. */
  readonly state: 'future' | 'active' | 'past';
  /** Ends within the time asked about, and nothing of its kind that is there already lasts longer. */
  readonly isDue: boolean;
}

interface Moment {
  readonly at: Date;
  /** Milliseconds. */
  readonly within: number;
}

type Period = Omit<Member, 'state' | 'isDue' | 'from' | 'until'> & {
  readonly from: number;
  readonly until: number | undefined;
};

export function describeTrustedRoot(input: Uint8Array, what: string, moment: Moment): readonly Member[] {
  const source = decodeTrustedRoot(input, what);
  const logsOf = (kind: MemberKind, logs: typeof source.tlogs): readonly Period[] =>
    (logs ?? []).map(({ baseUrl, publicKey: { rawBytes, keyDetails, validFor } }) => {
      const key = keyDetails.startsWith('PKCS1_') ? importPkcs1PublicKey(rawBytes, what) : importSpki(rawBytes, what);
      return {
        kind,
        url: baseUrl,
        details: `${key.algorithm} ${key.keyId}`,
        from: validFor.start,
        until: validFor.end,
      };
    });
  const authoritiesOf = (kind: MemberKind, authorities: typeof source.certificateAuthorities): readonly Period[] =>
    (authorities ?? []).map(({ uri, certChain, validFor }) => {
      const chain = certChain.certificates.map(({ rawBytes }) => parseCertificate(rawBytes, `${what} certificate`));
      const ends = chain.map(({ notAfter }) => notAfter);
      const until = Math.min(...ends, validFor.end ?? Number.POSITIVE_INFINITY);
      const serial = encodeHex(chain[0]?.serial ?? new Uint8Array());
      return { kind, url: uri ?? '', details: `certificate ${serial}`, from: validFor.start, until };
    });
  return judge(
    [
      ...authoritiesOf('certificate authority', source.certificateAuthorities),
      ...logsOf('certificate log', source.ctlogs),
      ...logsOf('log', source.tlogs),
      ...authoritiesOf('timestamp authority', source.timestampAuthorities),
    ],
    moment,
  );
}

export function describeSigningConfig(input: Uint8Array, what: string, moment: Moment): readonly Member[] {
  const source = decodeSigningConfig(input, what);
  const servicesOf = (kind: MemberKind, services: typeof source.caUrls): readonly Period[] =>
    (services ?? []).map(({ url, majorApiVersion, operator, validFor }) => ({
      kind,
      url,
      details: `version ${majorApiVersion}${operator === undefined ? '' : `, ${operator}`}`,
      from: Date.parse(validFor.start),
      until: validFor.end === undefined ? undefined : Date.parse(validFor.end),
    }));
  return judge(
    [
      ...servicesOf('certificate authority', source.caUrls),
      ...servicesOf('OpenID provider', source.oidcUrls),
      ...servicesOf('log', source.rekorTlogUrls),
      ...servicesOf('timestamp authority', source.tsaUrls),
    ],
    moment,
  );
}

function judge(periods: readonly Period[], { at, within }: Moment): readonly Member[] {
  const now = at.getTime();
  const endOf = ({ until = Number.POSITIVE_INFINITY }: Period): number => until;
  const lasts = (one: Period): boolean =>
    periods.some((other) => other.kind === one.kind && other.from <= now && endOf(other) > now + within);
  return periods.map((period) => {
    const { from, until, ...rest } = period;
    const state = now < from ? 'future' : endOf(period) < now ? 'past' : 'active';
    const end = until === undefined || until === Number.POSITIVE_INFINITY ? undefined : new Date(until);
    return { ...rest, from: new Date(from), until: end, state, isDue: state === 'active' && !lasts(period) };
  });
}

function encodeHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
