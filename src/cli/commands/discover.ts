import { listReferrers, type ReferrerNode, type ReferrerTree } from '../../app/list-referrers.ts';
import type { Claim } from '../../app/read-claims.ts';
import { defineCommand, type Output } from '../command.ts';
import { PLATFORM_FLAG, platformOf } from '../flags/platform.ts';
import { readAccess, REGISTRY_FLAGS } from '../flags/registry.ts';

export const discover = defineCommand({
  name: 'discover',
  group: 'artifacts',
  summary: 'show what refers to an artifact: signatures, attestations, SBOMs, and what they say',
  description:
    'Looks at the referrers API, the fallback tag and cosign’s tags, and at what refers to the referrers. Predicate types, ' +
    'components, signers and times are claims: they are shown as they are written, and nothing of them is verified here.',
  args: [{ name: 'REF', description: 'image or artifact, in a registry or on the disk' }],
  flags: {
    ...REGISTRY_FLAGS,
    'artifact-type': { kind: 'string', value: 'TYPE', description: 'only referrers of this type' },
    platform: { ...PLATFORM_FLAG, description: 'of an index, what refers to the image for this platform' },
    depth: { kind: 'number', description: 'levels of referrers; all when absent' },
    output: {
      kind: 'choice',
      short: 'o',
      choices: ['tree', 'json', 'table'],
      aliases: ['format'],
      default: 'tree',
      description: 'how to show it',
    },
  },
  examples: [
    { command: 'plimsoll discover registry.example.com/team/app:v1', explains: 'as a tree' },
    {
      command: 'plimsoll discover registry.example.com/team/app:v1 -o json',
      explains: 'for programs, as oras has it',
    },
  ],
  async run({ args, flags }, context) {
    const access = await readAccess(flags, context);
    const [reference = ''] = args;
    const form = flags.output;
    const input = {
      reference,
      artifactType: flags['artifact-type'],
      platform: platformOf(flags.platform),
      depth: flags.depth,
      access,
      withClaims: form !== 'table',
    };
    const found = await listReferrers(context.ports, input, context.signal);
    const { output } = context;
    if (form === 'json') output.raw(`${JSON.stringify(valueOf(found), undefined, 2)}\n`);
    else
      output.result(
        valueOf(found),
        form === 'table' ? tableOf(found) : treeOf(found, { output, now: context.ports.clock() }),
      );
    return 0;
  },
});

interface Drawing {
  readonly output: Output;
  readonly now: Date;
}

function treeOf(found: ReferrerTree, drawing: Drawing): string {
  return [found.reference, ...linesOf(found.referrers, '', drawing)].join('\n');
}

function linesOf(nodes: readonly ReferrerNode[], indent: string, drawing: Drawing): readonly string[] {
  return nodes.flatMap((node, index) => {
    const isLast = index === nodes.length - 1;
    const below = `${indent}${isLast ? '    ' : '│   '}`;
    const bar = node.referrers.length > 0 ? '│ ' : '  ';
    const claims = (node.claims ?? []).map((claim) => {
      const text = `says: ${describe(claim, node, drawing.now)} (not verified)`;
      return `${below}${bar}${drawing.output.paint('dim', text)}`;
    });
    const line = `${indent}${isLast ? '└── ' : '├── '}${typeOf(node)} ${node.descriptor.digest}`;
    return [line, ...claims, ...linesOf(node.referrers, below, drawing)];
  });
}

function typeOf({ descriptor, tag }: ReferrerNode): string {
  return tag === undefined ? (descriptor.artifactType ?? descriptor.mediaType) : `tag ${tag}`;
}

/** What a bundle states that is a signature and nothing more. */
const COSIGN_SIGNATURE = 'https://sigstore.dev/cosign/sign/v1';

function describe(claim: Claim, { descriptor }: ReferrerNode, now: Date): string {
  const { kind, predicateType, components, signer, issuer, loggedAt, reason } = claim;
  const created = loggedAt ?? descriptor.annotations?.['org.opencontainers.image.created'];
  const facts = [
    predicateType === undefined ? kind : predicateType === COSIGN_SIGNATURE ? 'signature' : `${kind} ${predicateType}`,
    ...(reason === undefined ? [] : [reason]),
    ...(components === undefined ? [] : [`${components} component${components === 1 ? '' : 's'}`]),
    ...(signer === undefined ? [] : [`by ${signer}${issuer === undefined ? '' : `, says ${issuer}`}`]),
    ...(created === undefined ? [] : [`${created}${ageOf(created, now)}`]),
  ];
  return printable(facts.join(', '));
}

/** Foreign text must not steer the reader's terminal. */
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7E\u00A0-\uFFFF]/g, ' ').slice(0, 500);
}

const UNITS: readonly (readonly [string, number])[] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];

/** Nothing for a time that is none, or in the future. */
function ageOf(created: string, now: Date): string {
  const seconds = (now.getTime() - Date.parse(created)) / 1000;
  const [name, size] = UNITS.find(([, unit]) => seconds >= unit) ?? ['minute', 60];
  const count = Math.floor(seconds / size);
  return seconds >= 0 ? ` (${count} ${name}${count === 1 ? '' : 's'} ago)` : '';
}

function tableOf(found: ReferrerTree): string {
  const rows = flatten(found.referrers).map((node) => [typeOf(node), node.descriptor.digest] as const);
  const width = Math.max('Artifact Type'.length, ...rows.map(([type]) => type.length)) + 3;
  const table = [['Artifact Type', 'Digest'] as const, ...rows].map(
    ([type, digest]) => `${type.padEnd(width)}${digest}`,
  );
  return [
    `Discovered ${rows.length} artifacts referencing ${found.reference}`,
    `Digest: ${found.descriptor.digest}`,
    '',
    ...table,
  ].join('\n');
}

function flatten(nodes: readonly ReferrerNode[]): readonly ReferrerNode[] {
  return nodes.flatMap((node) => [node, ...flatten(node.referrers)]);
}

/** As oras writes it, and besides cosign's tag and the claims. */
function valueOf({ reference, descriptor, referrers }: ReferrerTree): object {
  const name = reference.slice(0, reference.indexOf('@'));
  return { reference, ...descriptor, referrers: referrers.map((node) => nodeValue(node, name)) };
}

function nodeValue({ descriptor, tag, claims, referrers }: ReferrerNode, name: string): object {
  return {
    reference: `${name}@${descriptor.digest}`,
    ...descriptor,
    ...(tag === undefined ? {} : { tag }),
    ...(claims === undefined || claims.length === 0 ? {} : { claims: { verified: false, list: claims } }),
    referrers: referrers.map((node) => nodeValue(node, name)),
  };
}
