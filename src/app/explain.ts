/** Verdicts in words, the same on the command line, in a webhook's answer and in a log. */
import type { Outcome, Reason } from '../core/index.ts';
import type { Admission, ImageVerdict } from './admit.ts';

export type Paint = (style: 'good' | 'bad' | 'warn' | 'dim' | 'bold', text: string) => string;

const PLAIN: Paint = (_style, text) => text;
const STYLES: Readonly<Record<Outcome, 'good' | 'bad' | 'warn'>> = { allow: 'good', warn: 'warn', deny: 'bad' };

/** Every image once with every reason, indented; for reading. */
export function explainAdmission(admission: Admission, paint: Paint = PLAIN): string {
  const { object, outcome, reasons, images } = admission;
  const name = [object.namespace, object.kind, object.name]
    .filter((part) => part !== undefined && part !== '')
    .join('/');
  const lines = [`${paint(STYLES[outcome], outcome.toUpperCase().padEnd(5))} ${paint('bold', name)}`];
  for (const reason of reasons) lines.push(...explainReason(reason, '  ', paint));
  for (const uses of Map.groupBy(images, ({ use }) => use.image).values()) lines.push(...explainImage(uses, paint));
  return lines.join('\n');
}

/** One image, at all its places in the object. */
function explainImage(uses: readonly ImageVerdict[], paint: Paint): string[] {
  const [first] = uses;
  if (first === undefined) return [];
  const { use, verdict, digest } = first;
  const known = digest === undefined || use.image.includes(digest) ? '' : paint('dim', ` is ${digest}`);
  const places = uses.map((one) => `${one.use.role} ${one.use.name}`).join(', ');
  const head = `  ${paint(STYLES[verdict.outcome], verdict.outcome)} ${use.image}${known} ${paint('dim', `(${places})`)}`;
  return [head, ...verdict.reasons.flatMap((reason) => explainReason(reason, '    ', paint))];
}

function explainReason(reason: Reason, indent: string, paint: Paint): string[] {
  const rule = reason.rule === undefined ? '' : `[${reason.rule}] `;
  const lines = [`${indent}${rule}${reason.message} ${paint('dim', `(${reason.code})`)}`];
  if (reason.expected !== undefined) lines.push(...field(`${indent}  expected: `, reason.expected));
  if (reason.found !== undefined) lines.push(...field(`${indent}  found:    `, reason.found));
  if (reason.fix !== undefined) lines.push(...field(`${indent}  fix:      `, reason.fix));
  return lines;
}

/** A value of several lines stays aligned. */
function field(label: string, value: string): string[] {
  const [first = '', ...rest] = value.split('\n');
  return [`${label}${first}`, ...rest.map((line) => `${' '.repeat(label.length)}${line}`)];
}

/**
 * One message for the user whose object was denied: each denied image once, with the places where it stands, each rule's complaint, and
 * once what was found instead.
 */
export function denialMessage({ reasons, images }: Admission): string {
  const denied = Map.groupBy(
    images.filter(({ verdict }) => verdict.outcome === 'deny'),
    ({ use }) => use.image,
  );
  const lines = [...denied].flatMap(([image, uses]) => {
    const places = uses.map(({ use }) => `${use.role} ${use.name}`).join(', ');
    return [`${image} (${places}):`, ...complaints(uses[0]?.verdict.reasons.filter(isNegative) ?? [])];
  });
  return [...reasons.map(shorten), ...lines].join('\n');
}

/** The same sentence by several rules, and the same finding, are said once. */
function complaints(reasons: readonly Reason[]): readonly string[] {
  const byText = Map.groupBy(reasons, (reason) =>
    reason.code === 'condition-failed' ? shorten({ ...reason, rule: '' }) : reason.message,
  );
  const found = new Set(reasons.flatMap((reason) => (reason.code === 'condition-failed' ? [] : (reason.found ?? []))));
  const lines = [...byText].map(([text, same]) => {
    const rules = same.flatMap(({ rule }) => rule ?? []).join(', ');
    return rules === '' ? `- ${text}` : `- ${rules}: ${text}`;
  });
  return [...lines, ...(found.size === 0 ? [] : [`- found: ${[...found].join('; ')}`])];
}

/** One warning for each reason of an image that would be denied if its policy were enforced. */
export function warningMessages({ images }: Admission): readonly string[] {
  return images
    .filter(({ verdict }) => verdict.outcome === 'warn')
    .flatMap(({ use, verdict }) =>
      verdict.reasons.filter(isNegative).map((reason) => `${use.image}: ${shorten(reason)}`),
    );
}

const POSITIVE: ReadonlySet<string> = new Set([
  'signature-verified',
  'attestation-verified',
  'static-pass',
  'policy-holds',
]);

function isNegative(reason: Reason): boolean {
  return !POSITIVE.has(reason.code);
}

function shorten(reason: Reason): string {
  const rule = reason.rule === undefined || reason.rule === '' ? '' : `${reason.rule}: `;
  const facts = [
    reason.expected === undefined ? '' : `expected ${oneLine(reason.expected)}`,
    reason.found === undefined ? '' : `found ${oneLine(reason.found)}`,
  ].filter((fact) => fact !== '');
  return `${rule}${reason.message}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
