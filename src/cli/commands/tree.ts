import { listReferrers, type ReferrerNode } from '../../app/list-referrers.ts';
import { defineCommand, type Command } from '../command.ts';
import { readAccess, REGISTRY_FLAGS } from '../flags/registry.ts';

export const tree = treeCommand('tree');
export const discover = treeCommand('discover');

/** The same under the name that oras has for it. */
function treeCommand(name: string): Command {
  return defineCommand({
    name,
    group: 'artifacts',
    summary: 'show what refers to an artifact: signatures, attestations, SBOMs',
    description: 'Looks at the referrers API, the fallback tag and cosign’s tags, and at what refers to the referrers.',
    args: [{ name: 'REF', description: 'image or artifact' }],
    flags: {
      ...REGISTRY_FLAGS,
      'artifact-type': { kind: 'string', value: 'TYPE', description: 'only referrers of this type' },
    },
    examples: [{ command: `plimsoll ${name} registry.example.com/team/app:v1`, explains: 'as a tree' }],
    async run({ args, flags }, context) {
      const access = await readAccess(flags, context);
      const input = { reference: args[0] ?? '', artifactType: flags['artifact-type'], access };
      const found = await listReferrers(context.ports, input, context.signal);
      context.output.result(found, [found.reference, ...linesOf(found.referrers, '')].join('\n'));
      return 0;
    },
  });
}

function linesOf(nodes: readonly ReferrerNode[], indent: string): readonly string[] {
  return nodes.flatMap((node, index) => {
    const isLast = index === nodes.length - 1;
    const line = `${indent}${isLast ? '└── ' : '├── '}${typeOf(node)} ${node.descriptor.digest}`;
    return [line, ...linesOf(node.referrers, `${indent}${isLast ? '    ' : '│   '}`)];
  });
}

/** What it carries, as far as its descriptor says without reading it. */
function typeOf({ descriptor, tag }: ReferrerNode): string {
  if (tag !== undefined) return `tag ${tag}`;
  const { 'dev.sigstore.bundle.predicateType': predicateType, 'org.opencontainers.image.created': created } =
    descriptor.annotations ?? {};
  const type = descriptor.artifactType ?? descriptor.mediaType;
  return [
    type,
    ...(predicateType === undefined ? [] : [predicateType]),
    ...(created === undefined ? [] : [created]),
  ].join(' ');
}
