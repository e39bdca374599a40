import { INDEX_FLAGS, openPlatforms } from '../flags/platform.ts';
import { POLICY_TRUST_FLAG } from '../flags/trust.ts';
import { AppError, EXIT_NEGATIVE } from '../../core/index.ts';
import type { Admission } from '../../app/admit.ts';
import { admitFiles } from '../../app/admit-files.ts';
import { explainAdmission } from '../../app/explain.ts';
import { defineCommand } from '../command.ts';
import { readManifests } from '../manifest.ts';

export const admit = defineCommand({
  name: 'admit',
  group: 'policies',
  summary: 'say whether Kubernetes manifests would be admitted, and why',
  description:
    'Judges every image of every object by the policies, over signatures and attestations fetched and verified now, as the admission ' +
    'server does. Exit code 0: all admitted; 1: at least one denied.',
  args: [],
  flags: {
    filename: {
      kind: 'list',
      short: 'f',
      value: 'FILE',
      description: 'manifest, folder of manifests, or - for standard input',
    },
    policy: { kind: 'list', value: 'PATH', description: 'policy file, or folder of policy files' },
    namespace: {
      kind: 'string',
      short: 'n',
      value: 'NAME',
      default: 'default',
      description: 'namespace of objects that name none',
    },
    'no-match': {
      kind: 'choice',
      choices: ['deny', 'warn', 'allow'],
      default: 'deny',
      description: 'verdict for an image that no policy speaks of',
    },
    at: { kind: 'string', value: 'TIME', description: 'judge as of this time (RFC 3339) instead of now' },
    ...INDEX_FLAGS,
    platforms: {
      ...INDEX_FLAGS.platforms,
      value: 'LIST|any',
      description: 'images of an index that policies look at: a list like linux/amd64,linux/arm64, or all',
    },
    ...POLICY_TRUST_FLAG,
    insecure: { kind: 'boolean', description: 'ask registries over plain HTTP' },
  },
  examples: [
    { command: 'plimsoll admit -f deployment.yaml --policy policies/', explains: 'one manifest' },
    {
      command: 'helm template app | plimsoll admit -f - --policy policies/ --json',
      explains: 'rendered manifests, for a pipeline',
    },
  ],
  async run({ flags }, context) {
    if (flags.filename.length === 0 || flags.policy.length === 0) {
      throw new AppError('usage', 'expected at least one -f FILE and one --policy PATH', {
        hint: 'see plimsoll admit --help',
      });
    }
    const manifests = await readManifests(flags.filename, context);
    const admissions = await admitFiles(
      context.ports,
      {
        manifests,
        policyPaths: flags.policy,
        namespace: flags.namespace,
        noMatch: flags['no-match'] as 'deny' | 'warn' | 'allow',
        at: timeOf(flags.at) ?? context.ports.clock(),
        platforms: await openPlatforms(flags.platforms, undefined),
        acceptsPlatformProofs: flags['accept-platform-proofs'],
        insecure: flags.insecure,
      },
      context.signal,
    );
    const text = admissions.map((admission) => explainAdmission(admission, context.output.paint)).join('\n');
    context.output.result(admissions.map(withoutEvidence), text);
    return admissions.some(({ outcome }) => outcome === 'deny') ? EXIT_NEGATIVE : 0;
  },
});

/** Evidence holds whole SBOMs; the reasons say what of it counted. */
function withoutEvidence({ images, ...rest }: Admission) {
  return {
    ...rest,
    images: images.map(({ use, verdict, digest, pinned }) => ({ ...use, ...verdict, digest, pinned })),
  };
}

function timeOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const time = new Date(text);
  if (!/^\d{4}-\d\d-\d\dT/.test(text) || Number.isNaN(time.getTime())) {
    throw new AppError('usage', `--at: expected a time like 2026-01-31T12:00:00Z, found "${text}"`);
  }
  return time;
}
