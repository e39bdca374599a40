import { createProvenance } from '../../app/provenance.ts';
import { defineCommand } from '../command.ts';
import { parsePairs } from '../flags/trust.ts';

export const provenance = defineCommand({
  name: 'provenance',
  group: 'attestations',
  summary: 'write down how something was built, as SLSA v1 provenance',
  description: 'Writes the predicate; attest --type slsaprovenance1 signs it about an image.',
  args: [],
  flags: {
    'builder-id': { kind: 'string', required: true, value: 'URI', description: 'the platform that ran the build' },
    'build-type': { kind: 'string', required: true, value: 'URI', description: 'the kind of build' },
    parameter: {
      kind: 'list',
      value: 'KEY=VALUE',
      description: 'what whoever started the build chose; may be repeated',
    },
    material: { kind: 'list', value: 'URI@DIGEST', description: 'something the build used; may be repeated' },
    source: { kind: 'string', value: 'DIR', description: 'git work tree whose commit was built' },
    'invocation-id': { kind: 'string', value: 'ID', description: 'name of this run' },
    started: { kind: 'string', value: 'TIME', description: 'when the build began, as 2026-01-02T03:04:05Z' },
    finished: { kind: 'string', value: 'TIME', description: 'when it ended; now if not given' },
    output: { kind: 'string', short: 'o', value: 'FILE', description: 'write it to this file instead' },
  },
  examples: [
    {
      command:
        'plimsoll provenance --builder-id https://ci.example.com/runner --build-type https://example.com/make/v1 --source . --output build.json',
      explains: 'names the commit of this folder as what was built',
    },
  ],
  async run({ flags }, context) {
    const { source, 'invocation-id': invocationId, started, finished } = flags;
    const predicate = await createProvenance(context.ports, {
      builderId: flags['builder-id'],
      buildType: flags['build-type'],
      externalParameters: parsePairs('parameter', flags.parameter),
      materials: flags.material,
      ...(source === undefined ? {} : { source }),
      ...(invocationId === undefined ? {} : { invocationId }),
      ...(started === undefined ? {} : { startedOn: started }),
      ...(finished === undefined ? {} : { finishedOn: finished }),
    });
    const text = `${JSON.stringify(predicate, undefined, 2)}\n`;
    if (flags.output === undefined) {
      context.output.raw(text);
      return 0;
    }
    await context.ports.files.writeAtomic(flags.output, text);
    context.output.result({ file: flags.output }, `provenance written to ${flags.output}`);
    return 0;
  },
});
