/**
 * Snaps mounted in a system, and the Debian packages that went into a snap: `snap.yaml`, `dpkg.yaml` of a base and `manifest.yaml` of
 * snapcraft.
 */
import { AppError, isRecord } from '../../../../core/index.ts';
import { parseYaml } from '../../documents.ts';
import { createFileCataloger } from '../../file-cataloger.ts';
import type { Reading } from '../../file-cataloger.ts';
import { debPurl } from './deb-control.ts';

const SNAP = /(?:^|\/)snap\/[^/]+\/[^/]+\/meta\/snap\.yaml$/;
const BASE = /(?:^|\/)usr\/share\/snappy\/dpkg\.yaml$/;
const MANIFEST = /(?:^|\/)snap\/manifest\.yaml$/;

export const snap = createFileCataloger({
  id: 'snap',
  evidence: 'installed-metadata',
  names: ['snap.yaml', 'dpkg.yaml', 'manifest.yaml'],
  isChosen: (path) => SNAP.test(path) || BASE.test(path) || MANIFEST.test(path),
  read: (reading) => {
    const { content, file } = reading;
    const document = parseYaml(content, file.path);
    if (!isRecord(document)) throw new AppError('invalid-input', `${file.path}: expected fields of a snap, found none`);
    if (SNAP.test(file.path)) addSnap(document, reading);
    else addPackages(document, reading);
  },
});

type Fields = Readonly<Record<string, unknown>>;

function addSnap({ name, version, license, type, architectures }: Fields, { file, finds }: Reading): void {
  if (typeof name !== 'string' || typeof version !== 'string') {
    throw new AppError('invalid-input', `${file.path}: expected the name and version of a snap, found no version`);
  }
  finds.add(file, {
    name,
    version,
    kind: 'application',
    purl: { type: 'snap', name, version, qualifiers: { arch: onlyArchitecture(architectures) } },
    licences: typeof license === 'string' ? [license] : [],
    properties: typeof type === 'string' ? { 'snap:type': type } : {},
  });
}

function onlyArchitecture(architectures: unknown): string | undefined {
  const [only, ...others] = Array.isArray(architectures) ? architectures : [];
  return typeof only === 'string' && others.length === 0 ? only : undefined;
}

/** `name[:arch]=version`; bases and stage packages are Ubuntu's. */
function addPackages(fields: Fields, { file, finds }: Reading): void {
  const arch = onlyArchitecture(fields.architectures);
  const listed = [fields.packages, fields['primed-stage-packages']].flatMap((list) =>
    Array.isArray(list) ? list : [],
  );
  for (const entry of listed) {
    const [, name, own, version] = /^([^:=\s]+)(?::([^=\s]+))?=(\S+)$/.exec(String(entry)) ?? [];
    if (name === undefined || version === undefined) {
      finds.skip(file, `expected name=version, found ${JSON.stringify(String(entry).slice(0, 80))}`);
      continue;
    }
    finds.add(file, { name, version, purl: debPurl({ name, version, arch: own ?? arch }, { id: 'ubuntu' }) });
  }
}
