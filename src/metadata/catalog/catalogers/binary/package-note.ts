/** Programs that say of which distribution's package they are: Fedora, Wolfi, CBL-Mariner and others mark what they build. */
import { isRecord } from '../../../../core/index.ts';
import type { FileEntry } from '../../../../core/index.ts';
import type { Distro, PurlParts } from '../../../ecosystem/index.ts';
import { SKIP } from '../../cataloger.ts';
import type { Cataloger } from '../../cataloger.ts';
import { catalogFiles } from '../../components.ts';
import type { Finds } from '../../components.ts';
import { rpmNamespace } from '../os/rpm/package.ts';
import { EXECUTABLE, mayRun, readFacts } from '../../executable/executable.ts';

export const packageNote: Cataloger = {
  id: 'package-note',
  evidence: 'installed',
  isFallback: true,
  names: ['+x'],
  select: (file) => (mayRun(file) ? EXECUTABLE : SKIP),
  catalog: async (tree, files, context) =>
    await catalogFiles(
      files,
      { tree, context, finder: { foundBy: 'package-note', evidence: 'binary' } },
      (condensed, file, finds) => addPackage(condensed, file, { finds, distro: context.distro }),
    ),
};

const TYPES: ReadonlySet<string> = new Set(['rpm', 'deb', 'apk', 'alpm']);

function addPackage(
  condensed: Uint8Array,
  file: FileEntry,
  { finds, distro }: { readonly finds: Finds; readonly distro: Distro | undefined },
): void {
  // told here, where all programs are looked at
  const unread = readFacts(condensed, file.path, 'unread');
  if (typeof unread === 'string') finds.skip(file, unread);
  const note = readFacts(condensed, file.path, 'note');
  if (!isRecord(note)) return;
  const text = (key: string) => (typeof note[key] === 'string' && note[key] !== '' ? note[key] : undefined);
  const [type, name, version] = [text('type'), text('name'), text('version')];
  if (type === undefined || name === undefined || version === undefined || !TYPES.has(type)) return;
  const os = text('os') ?? distro?.id;
  const release = text('osVersion') ?? (os === distro?.id ? distro?.versionId : undefined);
  const purl: PurlParts = {
    type,
    namespace: type === 'rpm' && os !== undefined ? rpmNamespace(os) : os,
    name,
    version,
    qualifiers: {
      arch: text('architecture'),
      distro: os === undefined || release === undefined ? undefined : `${os}-${release}`,
    },
  };
  const cpe = text('osCpe') ?? text('appCpe');
  finds.add(file, { name, version, purl, ...(cpe === undefined ? {} : { cpes: [cpe] }) });
}
