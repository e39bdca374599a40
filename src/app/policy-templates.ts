/** Policies to begin with. */
import { stringify } from 'yaml';
import { AppError } from '../core/index.ts';

export interface TemplateInput {
  readonly glob: string;
  readonly name?: string | undefined;
  /** `OWNER/NAME` on GitHub. */
  readonly repository?: string | undefined;
  readonly issuer?: string | undefined;
  readonly subject?: string | undefined;
  /** PEM. */
  readonly key?: string | undefined;
  readonly level?: string | undefined;
  readonly licenses: readonly string[];
}

interface Template {
  readonly summary: string;
  readonly attestations: (input: TemplateInput) => readonly object[];
}

const GITHUB_ISSUER = 'https://token.actions.githubusercontent.com';

const scan = {
  name: 'scan',
  predicateType: 'vuln',
  policy: {
    type: 'cel',
    data: [
      'now - timestamp(predicate.metadata.scanFinishedOn) < duration("168h") &&',
      'predicate.scanner.result.summary.critical == 0',
      '',
    ].join('\n'),
  },
};

/** By name; what each demands of the signer. */
export const POLICY_TEMPLATES: Readonly<Record<string, Template>> = {
  signed: { summary: 'a signature', attestations: () => [] },
  'a-map': {
    summary: 'provenance, an SBOM and a scan of the last week without anything critical',
    attestations: () => [
      { name: 'provenance', predicateType: 'slsaprovenance1' },
      { name: 'sbom', predicateType: 'spdxjson' },
      scan,
    ],
  },
  slsa: {
    summary: 'a verification summary (VSA) of at least a SLSA build level',
    attestations: ({ level = '2' }) => {
      if (!/^[0-3]$/.test(level)) throw new AppError('usage', `--level: expected 0 to 3, found "${level}"`);
      const levels = ['0', '1', '2', '3'].filter((one) => one >= level).map((one) => `"SLSA_BUILD_LEVEL_${one}"`);
      const data = [
        'predicate.verificationResult == "PASSED" &&',
        `predicate.verifiedLevels.exists(found, found in [${levels.join(', ')}])`,
        '',
      ].join('\n');
      return [
        { name: 'vsa', predicateType: 'https://slsa.dev/verification_summary/v1', policy: { type: 'cel', data } },
      ];
    },
  },
  licenses: {
    summary: 'an SBOM in which every package has a concluded or declared licence of a list',
    attestations: ({ licenses }) => {
      if (licenses.length === 0) throw new AppError('usage', '--license: expected at least one, found none');
      const allowed = licenses.map((license) => JSON.stringify(license)).join(', ');
      const data = [
        'predicate.packages.all(p,',
        `  (has(p.licenseConcluded) && p.licenseConcluded in [${allowed}]) ||`,
        `  (has(p.licenseDeclared) && p.licenseDeclared in [${allowed}]))`,
        '',
      ].join('\n');
      return [{ name: 'licenses', predicateType: 'spdxjson', policy: { type: 'cel', data } }];
    },
  },
};

/** A ClusterImagePolicy as YAML. Throws `usage` when it is not said who must have signed. */
export function makePolicy(template: string, input: TemplateInput): string {
  const found = POLICY_TEMPLATES[template];
  if (found === undefined) {
    const known = Object.keys(POLICY_TEMPLATES).join(', ');
    throw new AppError('usage', `expected a template (${known}), found "${template}"`);
  }
  const attestations = found.attestations(input);
  const policy = {
    apiVersion: 'policy.sigstore.dev/v1beta1',
    kind: 'ClusterImagePolicy',
    metadata: { name: input.name ?? template },
    spec: {
      images: [{ glob: input.glob }],
      authorities: [{ name: 'signer', ...signerOf(input), ...(attestations.length === 0 ? {} : { attestations }) }],
    },
  };
  return `# ${found.summary}\n${stringify(policy, { lineWidth: 0 })}`;
}

function signerOf({ repository, issuer, subject, key }: TemplateInput): object {
  const given = [repository, subject, key].filter((value) => value !== undefined);
  if (given.length !== 1)
    throw new AppError('usage', 'expected one of --github-repository, --certificate-identity, --key', {
      hint: 'a policy must say who signs',
    });
  if (key !== undefined) return { key: { data: key } };
  if (repository !== undefined) {
    if (!/^[\w.-]+\/[\w.-]+$/.test(repository))
      throw new AppError('usage', `--github-repository: expected OWNER/NAME, found "${repository}"`);
    const escaped = repository.replaceAll('.', '\\.');
    const subjectRegExp = `https://github\\.com/${escaped}/\\.github/workflows/[^@]+@refs/(heads|tags)/.+`;
    return { keyless: { identities: [{ issuer: GITHUB_ISSUER, subjectRegExp }] } };
  }
  if (issuer === undefined)
    throw new AppError('usage', 'expected --certificate-oidc-issuer with --certificate-identity');
  return { keyless: { identities: [{ issuer, subject }] } };
}
