import { initializeTrust } from '../../app/trust-material.ts';
import { AppError, type Environment } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { describeMaterial, materialValue } from '../flags/material.ts';

export const initialize = defineCommand({
  name: 'initialize',
  group: 'trust',
  summary: 'fetch whom to believe and where to sign from a TUF repository',
  description:
    'Afterwards verify and sign need neither --trusted-root nor --signing-config. The repository is asked anew once a day; everything is ' +
    'proven from the root metadata, and nothing goes back behind what was seen before.',
  args: [],
  flags: {
    mirror: {
      kind: 'string',
      value: 'URL',
      description:
        'TUF repository: https://, http://, file:///PATH or a folder; that of the public Sigstore when absent',
    },
    root: {
      kind: 'string',
      value: 'FILE',
      description:
        'root metadata to trust: a file, or a URL with --root-checksum; for the public Sigstore it comes along',
    },
    staging: { kind: 'boolean', description: 'the instance of Sigstore for trying things out' },
    'root-checksum': { kind: 'string', value: 'HEX', description: 'SHA-256 of that file, or sha512:HEX' },
  },
  examples: [
    { command: 'plimsoll initialize', explains: 'trusts the public instance of Sigstore' },
    {
      command: 'plimsoll initialize --mirror http://127.0.0.1:5555/tuf --root authority/root.json',
      explains: 'trusts a private one',
    },
  ],
  async run({ flags: given }, context) {
    // what the environment trusts is for the repository that it names, and for no other
    if (given.staging && given.mirror !== undefined)
      throw new AppError('usage', 'expected --staging or --mirror URL, found both');
    const flags = given.staging ? { ...given, mirror: 'staging' } : given;
    const isSaid = flags.mirror !== undefined || flags.root !== undefined;
    const { mirror, root } = isSaid ? flags : variablesOf(context.ports.environment);
    const input = { mirror, root, rootChecksum: flags['root-checksum'] };
    const material = await initializeTrust(context.ports, input, context.signal);
    context.output.result(materialValue(material), describeMaterial(material));
    return 0;
  },
});

function variablesOf({ TUF_MIRROR = '', TUF_ROOT_JSON = '' }: Environment): {
  readonly mirror: string | undefined;
  readonly root: string | undefined;
} {
  return {
    mirror: TUF_MIRROR === '' ? undefined : TUF_MIRROR,
    root: TUF_ROOT_JSON === '' ? undefined : TUF_ROOT_JSON,
  };
}
