/** How SBOMs are written: `-o FORMAT[@VERSION][=FILE]`, several at once. */
import { LAYER_SCOPES } from '../../app/layer-options.ts';
import type { LayerOptions } from '../../app/layer-options.ts';
import { checkSbomForm, formatSbom, loadForWriting, SBOM_OUTPUTS } from '../../app/sbom.ts';
import type { Sbom, SbomOptions } from '../../app/sbom.ts';
import type { StepCost } from '../../app/step-costs.ts';
import { AppError, formatBytes } from '../../core/index.ts';
import { alignColumns } from '../columns.ts';
import type { Context, FlagValues } from '../command.ts';

export const SBOM_OUTPUT_FLAG = {
  output: {
    kind: 'list',
    short: 'o',
    value: 'FORMAT[@VERSION][=FILE]',
    description: `${SBOM_OUTPUTS.join(', ')}; a version as in spdx-json@3.0 or cyclonedx-json@1.5; with =FILE to a file; may be repeated`,
  },
} as const;

export const BASE_FLAG = {
  kind: 'string',
  value: 'IMAGE',
  description:
    "the image that SOURCE was built from, or auto: the one that its annotations or labels org.opencontainers.image.base.* name; guessed from the image's history when absent",
} as const;

/** Which components, by layer. */
export const LAYER_FLAGS = {
  base: BASE_FLAG,
  'exclude-base': { kind: 'boolean', description: 'leave out what the base image brought' },
  scope: {
    kind: 'choice',
    choices: LAYER_SCOPES,
    description:
      'all-layers: also what lower layers of an image hold and upper ones took away, marked as gone; squashed when absent, of an SBOM all that it has',
  },
} as const;

export const BINARY_RULES_FLAG = {
  'binary-rules': {
    kind: 'string',
    value: 'FILE',
    description: 'also find programs by these rules, of YAML or JSON, by name and by a text with their version',
  },
} as const;

/** With their engine of patterns, which few need. Throws as `loadBinaryRules`. */
export async function loadCatalogers(
  flags: FlagValues<typeof BINARY_RULES_FLAG>,
  { ports }: Pick<Context, 'ports'>,
): Promise<SbomOptions['catalogers']> {
  const path = flags['binary-rules'];
  if (path === undefined) return undefined;
  const { loadBinaryRules } = await import('../../app/binary-rules.ts');
  return await loadBinaryRules(ports, path);
}

export function layerOptionsOf(flags: FlagValues<typeof LAYER_FLAGS>): LayerOptions {
  const scope = LAYER_SCOPES.find((known) => known === flags.scope);
  return { base: flags.base, excludesBase: flags['exclude-base'], scope };
}

export interface SbomTarget {
  readonly form: string;
  readonly file: string | undefined;
}

/** Throws `usage`: ask before any work is done. */
export function readSbomTargets(
  words: readonly string[],
  absent: string,
  check: (form: string) => void = checkSbomForm,
): readonly SbomTarget[] {
  return (words.length > 0 ? words : [absent]).map((text) => {
    const equals = text.indexOf('=');
    const form = equals < 0 ? text : text.slice(0, equals);
    check(form);
    return { form, file: equals < 0 ? undefined : text.slice(equals + 1) };
  });
}

export async function writeSbomTargets(
  sbom: Sbom,
  targets: readonly SbomTarget[],
  { ports, output }: Pick<Context, 'ports' | 'output'>,
  format: (sbom: Sbom, form: string) => string = formatSbom,
): Promise<void> {
  for (const { form, file } of targets) {
    const text = format(sbom, form);
    if (file !== undefined) {
      await ports.files.writeAtomic(file, text);
      output.note(`${file}: ${sbom.components.length} components as ${form}`);
    } else if (form === 'table' || form === 'tree') output.result(sbom, text);
    else output.raw(text);
  }
}

/** By platform: to files, with the platform before the first dot of the name, and tables together; what stands under none as it is. */
export async function writeSboms(
  sboms: ReadonlyMap<string | undefined, Sbom>,
  targets: readonly SbomTarget[],
  context: Pick<Context, 'ports' | 'output'>,
  format: (sbom: Sbom, form: string) => string,
): Promise<void> {
  const tables = new Map<string, Sbom>();
  for (const [platform, sbom] of sboms) {
    if (platform === undefined) return await writeSbomTargets(sbom, targets, context, format);
    const files = targets.filter(({ file }) => file !== undefined);
    const named = files.map(({ form, file = '' }) => ({ form, file: withPlatform(file, platform) }));
    await writeSbomTargets(sbom, named, context, format);
    if (files.length < targets.length) tables.set(platform, sbom);
  }
  const texts = [...tables].map(([platform, sbom]) => `${platform}\n${format(sbom, 'table')}`);
  if (tables.size > 0) context.output.result(Object.fromEntries(tables), texts.join('\n\n'));
}

/** A document in other forms; what they cannot keep is said. */
export async function rewriteSbom(
  path: string,
  { targets, ...options }: SbomOptions & { readonly targets: readonly SbomTarget[] },
  context: Pick<Context, 'ports' | 'output'>,
): Promise<void> {
  const { sbom, unread } = await loadForWriting(context.ports, path, options);
  await writeSbomTargets(sbom, targets, context);
  for (const { field, count } of unread) context.output.note(`not kept: ${field} (${count})`);
}

/** Throws `usage` for a target that cannot hold several documents: ask before any work is done. */
export function checkPlatformTargets(targets: readonly SbomTarget[]): void {
  const wrong = targets.find(({ form, file }) => file === undefined && form !== 'table');
  if (wrong !== undefined)
    throw new AppError('usage', `--platform all: expected -o ${wrong.form}=FILE, for there is a document for each`);
}

function withPlatform(file: string, platform: string): string {
  const [, folder = '', stem = '', extension = ''] = /^(.*\/)?(\.?[^./]*)([^/]*)$/.exec(file) ?? [];
  return `${folder}${stem}-${platform.replaceAll(/[^a-z0-9.]+/gi, '-')}${extension}`;
}

/** On standard error: standard output is the document's. */
export function writeStepCosts(costs: readonly StepCost[], { output }: Pick<Context, 'output'>): void {
  if (output.json) return output.note(JSON.stringify({ steps: costs }));
  const rows = costs.map(({ kind, name, size, isCached, milliseconds }) => {
    const what = kind === 'cataloger' ? `${size} files` : isCached ? 'known' : formatBytes(size);
    return [kind, name, what, `${milliseconds.toFixed(1)} ms`];
  });
  for (const line of alignColumns(rows)) output.note(line);
}
