/** How SBOMs are written: `-o FORMAT[@VERSION][=FILE]`, several at once. */
import { checkSbomForm, formatSbom, SBOM_OUTPUTS } from '../../app/sbom.ts';
import type { Sbom } from '../../app/sbom.ts';
import type { Context } from '../command.ts';

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
    } else if (form === 'table') output.result(sbom, text);
    else output.raw(text);
  }
}
