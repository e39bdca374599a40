import { describeLayers, type ImageLayers, type PathFacts } from '../../app/describe-layers.ts';
import { alignColumns } from '../columns.ts';
import { defineCommand } from '../command.ts';
import { PLATFORM_FLAG, platformOf } from '../flags/platform.ts';
import { readAccess, REGISTRY_FLAGS } from '../flags/registry.ts';

const COLUMNS = ['layer', 'size', 'format', 'added', 'changed', 'deleted', 'digest', 'created by'] as const;
/** Characters of a build step that a line shows. */
const STEP_WIDTH = 60;

export const layers = defineCommand({
  name: 'layers',
  group: 'artifacts',
  summary: 'list the layers of an image, and which of them added, changed or deleted a path',
  args: [
    { name: 'SOURCE', description: 'image reference, OCI layout or archive' },
    { name: 'PATH', description: 'a file or folder inside the image', optional: true },
  ],
  flags: { ...REGISTRY_FLAGS, platform: PLATFORM_FLAG },
  examples: [
    { command: 'plimsoll layers registry.example.com/team/app:v1', explains: 'sizes, formats and build steps' },
    {
      command: 'plimsoll layers registry.example.com/team/app:v1 etc/passwd',
      explains: 'the layer that brought a file and those that changed it since',
    },
  ],
  async run({ args: [source = '', path], flags }, context) {
    const access = await readAccess(flags, context);
    const input = { source, path, platform: platformOf(flags.platform), access };
    const found = await describeLayers(context.ports, input, context.signal);
    const text = found.paths === undefined ? formatLayers(found) : formatPaths(found.paths);
    context.output.result(found, text);
    return 0;
  },
});

function formatLayers({ layers: listed }: ImageLayers): string {
  const rows = listed.map((layer) => [
    layer.index,
    layer.size,
    layer.format,
    layer.added,
    layer.changed,
    layer.deleted,
    layer.digest,
    layer.createdBy.replaceAll(/\s+/g, ' ').slice(0, STEP_WIDTH),
  ]);
  return alignColumns([COLUMNS, ...rows]).join('\n');
}

function formatPaths(paths: readonly PathFacts[]): string {
  return paths
    .map(({ path, changes }) => `${path}  ${changes.map(({ layer, change }) => `${change} by ${layer}`).join(', ')}`)
    .join('\n');
}
