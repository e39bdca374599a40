import { findWays, QUERY_NAMES, queryComponents } from '../../app/query-sbom.ts';
import { openSbom } from '../../app/sbom.ts';
import { EXIT_NEGATIVE } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { BASE_FLAG } from '../flags/sbom.ts';
import { PLATFORM_FLAG } from '../flags/platform.ts';
import { IMAGE_FLAGS, imageAccessOf } from '../flags/trust.ts';

export const sbomQuery = defineCommand({
  name: 'sbom query',
  group: 'metadata',
  summary: 'find components of an SBOM, and why they are there',
  description:
    `EXPRESSION is CEL over the facts of one component: ${QUERY_NAMES.join(', ')}. ` +
    'Exit code 1 when there is none.',
  args: [
    { name: 'SOURCE', description: 'SBOM file, or what `sbom` takes' },
    { name: 'EXPRESSION', description: 'CEL, true of what is looked for' },
  ],
  flags: {
    why: { kind: 'boolean', description: 'show the shortest way by which each comes to be needed' },
    base: BASE_FLAG,
    platform: PLATFORM_FLAG,
    ...IMAGE_FLAGS,
  },
  examples: [
    {
      command: `plimsoll sbom query --why . 'name=="lodash"'`,
      explains: 'who needs lodash',
    },
    {
      command: `plimsoll sbom query app.spdx.json 'licences.exists(l,l.contains("GPL"))'`,
      explains: 'what is under the GPL',
    },
  ],
  async run({ args: [source = '', expression = ''], flags }, context) {
    const sbom = await openSbom(context.ports, source, {
      platform: flags.platform,
      base: flags.base,
      signal: context.signal,
      ...(await imageAccessOf(flags, context)),
    });
    const found = queryComponents(sbom, expression);
    const ways = flags.why
      ? findWays(
          sbom,
          found.map(({ id }) => id),
        )
      : undefined;
    const names = new Map(sbom.components.map(({ id, name, version }) => [id, `${name} ${version}`]));
    const lines = found.map(({ id, locations }) => {
      const way = ways
        ?.get(id)
        ?.map((step) => names.get(step) ?? step)
        .join(' > ');
      return `${way ?? names.get(id)}${way === undefined ? `  ${locations[0]?.path ?? ''}` : ''}`.trimEnd();
    });
    const result = found.map((component) => ({
      ...component,
      ...(ways === undefined ? {} : { way: ways.get(component.id) }),
    }));
    context.output.result(result, found.length === 0 ? 'none' : lines.join('\n'));
    return found.length === 0 ? EXIT_NEGATIVE : 0;
  },
});
