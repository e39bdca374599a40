import { explainPolicies } from '../../app/explain-policies.ts';
import type { ImageExplained, ObjectExplained } from '../../app/explain-policies.ts';
import type { Paint } from '../../app/explain.ts';
import { podOf, readManifestObjects } from '../../app/manifest-images.ts';
import { AppError, EXIT_NEGATIVE } from '../../core/index.ts';
import type { Reason } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { POLICY_TRUST_FLAG } from '../flags/trust.ts';
import { readManifests } from '../manifest.ts';

export const policyExplain = defineCommand({
  name: 'policy explain',
  group: 'policies',
  summary: 'show as a tree what each policy says of an image or manifest, and why',
  description:
    'Every policy, every authority of it, what was wanted, what was found, what would fix it; also which policies do not speak of the image. ' +
    'Exit code 1 when a policy denies, or none speaks of an image.',
  args: [{ name: 'IMAGE', description: 'image reference, judged as a pod of its own', optional: true, repeated: true }],
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
    ...POLICY_TRUST_FLAG,
    insecure: { kind: 'boolean', description: 'ask registries over plain HTTP' },
  },
  examples: [
    {
      command: 'plimsoll policy explain registry.example.com/team/app:v1 --policy policies/',
      explains: 'why an image may not run',
    },
  ],
  async run({ args: images, flags }, context) {
    if (images.length + flags.filename.length === 0 || flags.policy.length === 0)
      throw new AppError('usage', 'expected images or -f FILE, and at least one --policy PATH');
    const manifests = await readManifests(flags.filename, context);
    const objects = [...images.map(podOf), ...manifests.flatMap(({ name, text }) => readManifestObjects(text, name))];
    const explained = await explainPolicies(
      context.ports,
      {
        objects,
        policyPaths: flags.policy,
        namespace: flags.namespace,
        at: context.ports.clock(),
        insecure: flags.insecure,
      },
      context.signal,
    );
    const { paint } = context.output;
    context.output.result(explained, explained.map((one) => drawObject(one, paint)).join('\n'));
    return explained.every(({ images: judged }) => judged.every(isAllowed)) ? 0 : EXIT_NEGATIVE;
  },
});

function isAllowed({ policies }: ImageExplained): boolean {
  const speaking = policies.flatMap(({ outcome }) => outcome ?? []);
  return speaking.length > 0 && !speaking.includes('deny');
}

interface Branch {
  readonly text: string;
  readonly below: readonly Branch[];
}

function drawObject({ kind, name, images, reasons }: ObjectExplained, paint: Paint): string {
  const below = [
    ...reasons.map((reason) => reasonBranch(reason, paint)),
    ...images.map((image) => imageBranch(image, paint)),
  ];
  return [paint('bold', `${kind}/${name}`), ...draw(below, '')].join('\n');
}

function imageBranch({ image, digest, policies }: ImageExplained, paint: Paint): Branch {
  const known = digest === undefined || image.includes(digest) ? '' : paint('dim', ` is ${digest}`);
  const below = policies.map(({ name, mode, outcome, reasons }): Branch => {
    if (outcome === undefined) return { text: paint('dim', `policy ${name}: does not speak of it`), below: [] };
    const style = outcome === 'allow' ? 'good' : outcome === 'warn' ? 'warn' : 'bad';
    const byRule = Map.groupBy(reasons, ({ rule }) => rule ?? name);
    const authorities = [...byRule].map(([rule, of]): Branch => {
      const label = rule === name ? 'the whole' : `authority ${rule.slice(name.length + 1)}`;
      return { text: label, below: of.map((reason) => reasonBranch(reason, paint)) };
    });
    return { text: `policy ${name} (${mode}): ${paint(style, outcome)}`, below: authorities };
  });
  const isSpokenOf = policies.some(({ outcome }) => outcome !== undefined);
  const silence = isSpokenOf ? [] : [{ text: `${paint('bad', 'deny')}: no policy speaks of it`, below: [] }];
  return { text: `${image}${known}`, below: [...below, ...silence] };
}

function reasonBranch({ code, message, expected, found, fix }: Reason, paint: Paint): Branch {
  const facts = Object.entries({ expected, found, fix }).flatMap(([name, value]) =>
    value === undefined ? [] : [{ text: `${name}: ${value.replaceAll(/\s*\n\s*/g, ' ')}`, below: [] }],
  );
  return { text: `${message} ${paint('dim', `(${code})`)}`, below: facts };
}

function draw(branches: readonly Branch[], indent: string): readonly string[] {
  return branches.flatMap(({ text, below }, index) => {
    const isLast = index === branches.length - 1;
    return [`${indent}${isLast ? '└─ ' : '├─ '}${text}`, ...draw(below, `${indent}${isLast ? '   ' : '│  '}`)];
  });
}
