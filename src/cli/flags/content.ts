/** Flags of commands that make an artifact of files. */
import type { Flags, FlagValues } from '../command.ts';

export const CONTENT_FLAGS = {
  annotation: { kind: 'list', short: 'a', value: 'KEY=VALUE', description: 'annotation of the manifest' },
  'annotation-file': {
    kind: 'string',
    value: 'FILE',
    description: 'JSON of annotations, by $manifest, $config or the title of a file',
  },
  'manifest-config': {
    kind: 'string',
    value: 'FILE[:MEDIA/TYPE]',
    description: 'configuration of the artifact; empty when absent',
  },
  'export-manifest': { kind: 'string', value: 'FILE', description: 'write the manifest that was pushed here too' },
  'disable-path-validation': {
    kind: 'boolean',
    hidden: true,
    description: 'nothing: a file outside the working folder goes by its name alone',
  },
} as const satisfies Flags;

export function contentOf(flags: FlagValues<typeof CONTENT_FLAGS>) {
  return {
    annotations: flags.annotation,
    annotationFile: flags['annotation-file'],
    config: flags['manifest-config'],
    exportManifest: flags['export-manifest'],
  };
}
