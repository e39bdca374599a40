/** The tree of `--explain`: what was found for an artifact, and step by step why each of it counts or does not. */
import type { Evidence, Reason, Signer, Verification } from '../core/index.ts';
import type { Output } from './command.ts';

/** Longer lines are read by programs, which have --json. */
const MAX_LINE = 1000;

interface Node {
  readonly text: string;
  readonly children: readonly Node[];
}

/** One line for the artifact, below it each signature or attestation with its facts or reasons. */
export function explainVerification(name: string, verification: Verification, output: Pick<Output, 'paint'>): string {
  const verified = verification.verified.map((evidence) => verifiedNode(evidence, output));
  const sources = Map.groupBy(verification.rejected, ({ subject = 'unknown source' }) => subject);
  const refused = [...sources].map(([source, reasons]) => refusedNode(source, reasons, output));
  const children = [...verified, ...refused];
  const nothing: Node = { text: 'nothing was found', children: [] };
  return draw({ text: oneLine(name), children: children.length === 0 ? [nothing] : children }).join('\n');
}

function verifiedNode(evidence: Evidence, { paint }: Pick<Output, 'paint'>): Node {
  const { storage, source, signer, proof } = evidence;
  const what = evidence.kind === 'signature' ? 'signature' : `attestation ${evidence.predicateType}`;
  const times = proof?.times ?? [];
  const logs = proof?.logs ?? [];
  const facts = [
    ...times.map(
      ({ source: kind, by, at }) =>
        `time: ${at.toISOString()}, says the ${kind === 'log' ? 'log' : 'timestamp of'} ${by}`,
    ),
    ...(signer.kind === 'certificate' ? [`certificate: ${signerText(signer)}`] : []),
    ...logs.map(({ name, index }) => `log: ${name}, entry ${index}`),
    `signature: by ${signer.kind === 'key' ? signerText(signer) : 'the key of the certificate'}`,
    `artifact: ${evidence.artifact}`,
  ];
  return {
    text: `${paint('good', 'verified')} ${oneLine(`${what} ${source} (${storage})`)}`,
    children: facts.map((text) => ({ text: oneLine(text), children: [] })),
  };
}

/** Steps in the order of the client specification; what came up before any of them is about the document. */
const STEPS = ['document', 'time', 'certificate', 'log', 'signature', 'artifact'];

function refusedNode(source: string, reasons: readonly Reason[], { paint }: Pick<Output, 'paint'>): Node {
  const steps = Map.groupBy(reasons, ({ step = 'document' }) => step);
  const known = STEPS.filter((step) => steps.has(step));
  return {
    text: `${paint('bad', 'refused')} ${oneLine(source)}`,
    children: known.map((step) => ({ text: step, children: (steps.get(step) ?? []).map(reasonNode) })),
  };
}

function reasonNode({ code, message, expected, found, fix }: Reason): Node {
  const facts = { expected, found, fix };
  const children = Object.entries(facts).flatMap(([name, text]) =>
    text === undefined ? [] : [{ text: oneLine(`${name}: ${text}`), children: [] }],
  );
  return { text: oneLine(`${code}: ${message}`), children };
}

export function signerText(signer: Signer): string {
  return signer.kind === 'key' ? `key ${signer.keyId}` : `${signer.subject}, says ${signer.issuer || 'no issuer'}`;
}

function draw({ text, children }: Node): readonly string[] {
  const below = children.flatMap((child, index) => {
    const isLast = index === children.length - 1;
    const [first = '', ...rest] = draw(child);
    return [`${isLast ? '└── ' : '├── '}${first}`, ...rest.map((line) => `${isLast ? '    ' : '│   '}${line}`)];
  });
  return [text, ...below];
}

/** Foreign text must not draw branches of its own. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').slice(0, MAX_LINE);
}
