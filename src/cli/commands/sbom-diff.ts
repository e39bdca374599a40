import { diffSboms, openSbom } from '../../app/sbom.ts';
import type { ComponentChange, SbomDiff } from '../../app/sbom.ts';
import { EXIT_NEGATIVE } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import type { Output } from '../command.ts';
import { PLATFORM_FLAG } from '../flags/platform.ts';
import { IMAGE_FLAGS, imageAccessOf } from '../flags/trust.ts';

export const sbomDiff = defineCommand({
  name: 'sbom diff',
  group: 'metadata',
  summary: 'what two images, folders or SBOMs differ in',
  description:
    'Compares components: added, removed, in another version, under other licences, with another hash, brought by another layer. ' +
    'Hashes and layers are compared where both sides know them.',
  args: [
    { name: 'BEFORE', description: 'SBOM file, or what `sbom` takes' },
    { name: 'AFTER', description: 'the same' },
  ],
  flags: {
    'exit-code': { kind: 'boolean', description: 'exit with 1 when there is a difference' },
    platform: PLATFORM_FLAG,
    ...IMAGE_FLAGS,
  },
  examples: [
    { command: 'plimsoll sbom diff localhost:5000/app:v1 localhost:5000/app:v2', explains: 'what an update brings' },
    {
      command: 'plimsoll sbom diff --exit-code approved.spdx.json .',
      explains: 'fails when anything was added or changed',
    },
  ],
  async run({ args: [before = '', after = ''], flags }, context) {
    const options = { platform: flags.platform, signal: context.signal, ...(await imageAccessOf(flags, context)) };
    const [old, now] = [await openSbom(context.ports, before, options), await openSbom(context.ports, after, options)];
    const diff = diffSboms(old, now);
    const isSame = Object.values(diff).every((list: readonly ComponentChange[]) => list.length === 0);
    context.output.result(diff, isSame ? 'no difference' : formatDiff(diff, context.output));
    return flags['exit-code'] && !isSame ? EXIT_NEGATIVE : 0;
  },
});

function formatDiff(diff: SbomDiff, { paint }: Output): string {
  const short = (text = '') => (text === '' ? '-' : text.replace(/^(\w+:[\da-f]{12})[\da-f]{20,}$/, '$1'));
  const moves = (word: string, changes: readonly ComponentChange[]) =>
    changes.map(
      ({ type, name, before, after }) =>
        `${paint('warn', word)} ${name} (${type}): ${short(before)} -> ${short(after)}`,
    );
  return [
    ...diff.removed.map(({ type, name, before }) => `${paint('bad', '-')} ${name} ${before} (${type})`),
    ...diff.added.map(({ type, name, after }) => `${paint('good', '+')} ${name} ${after} (${type})`),
    ...moves('~', diff.versions),
    ...moves('licence', diff.licences),
    ...moves('hash', diff.hashes),
    ...moves('layer', diff.layers),
  ].join('\n');
}
