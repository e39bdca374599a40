/** `.terraform.lock.hcl` of Terraform and OpenTofu: the providers that were chosen. Hashes are of many platforms, so none is the component's. */
import { textOf } from '../../components.ts';
import { createFileCataloger, linesOf } from '../../file-cataloger.ts';
import type { Reading } from '../../file-cataloger.ts';

export const terraformLock = createFileCataloger({
  id: 'terraform-lock',
  evidence: 'lock',
  names: ['.terraform.lock.hcl'],
  read,
});

/** Tools write the file, one attribute a line. */
function read({ content, file, finds }: Reading): void {
  let provider: { readonly address: string; readonly line: number } | undefined;
  for (const [index, line] of textOf(content).split(/\r?\n/).entries()) {
    const address = /^provider\s+"([^"]+)"\s*\{/.exec(line)?.[1];
    if (address !== undefined) provider = { address, line: index + 1 };
    const version = /^\s+version\s*=\s*"([^"]+)"/.exec(line)?.[1];
    if (provider === undefined || version === undefined) continue;
    const slash = provider.address.lastIndexOf('/');
    finds.add(file, {
      name: provider.address,
      version,
      purl: {
        type: 'terraform',
        namespace: slash < 0 ? undefined : provider.address.slice(0, slash),
        name: provider.address.slice(slash + 1),
        version,
      },
      locations: linesOf(file, provider.line, index + 1),
    });
    provider = undefined;
  }
  if (finds.components.length === 0 && /\S/.test(textOf(content).replaceAll(/^[ \t]*#.*$/gm, '')))
    finds.skip(file, 'expected providers with their versions, found none');
}
