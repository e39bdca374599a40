/**
 * `Package.resolved` of the Swift package manager, versions 1 to 3. A package is named by where its repository is; one that is pinned
 * to a commit has no version.
 */
import { AppError, isRecord, parseJson } from '../../../../core/index.ts';
import type { Given } from '../../components.ts';
import { repositoryAddress } from '../../../sbom/index.ts';
import { createFileCataloger, MAX_FILE_BYTES, vcsUrl } from '../../file-cataloger.ts';
import type { Reading } from '../../file-cataloger.ts';
import type { Raw } from '../../values.ts';

export const swiftResolved = createFileCataloger({
  id: 'swift-resolved',
  evidence: 'lock',
  names: ['Package.resolved', '.package.resolved'],
  read,
});

function read({ content, file, finds }: Reading): void {
  const resolved = parseJson(content, { what: file.path, maxBytes: MAX_FILE_BYTES });
  if (!isRecord(resolved)) throw new AppError('invalid-input', `${file.path}: expected an object`);
  const pins: unknown = isRecord(resolved.object) ? resolved.object.pins : resolved.pins;
  for (const pin of Array.isArray(pins) ? (pins as readonly unknown[]) : []) {
    const given = isRecord(pin) ? describe(pin) : undefined;
    if (given === undefined) finds.skip(file, 'expected the repository of a package, found none');
    else finds.add(file, given);
  }
}

/** `https://host/org/name.git`, `git@host:org/name` or, from a registry, `org.name`. */
const REPOSITORY = /^(?:[a-z+]+:\/\/)?(?:[^@/\s]+@)?(\w[\w.-]*)(?::\d+)?[/:]((?:[^/\s]+\/)*)([^/\s]+?)(?:\.git)?\/?$/;

function describe(pin: Raw): Given | undefined {
  const given = pin.location ?? pin.repositoryURL;
  if (typeof given !== 'string') return undefined;
  const location = repositoryAddress(given) ?? given;
  const [, host, folders = '', name] = REPOSITORY.exec(location) ?? [];
  if (host === undefined || name === undefined) return undefined;
  const state = isRecord(pin.state) ? pin.state : {};
  const version = typeof state.version === 'string' ? state.version : '';
  const namespace = `${host}/${folders}`.replace(/\/$/, '');
  const isPinned = version === '' && typeof state.revision === 'string';
  return {
    name: `${namespace}/${name}`,
    version,
    purl: {
      type: 'swift',
      namespace,
      name,
      version,
      qualifiers: { vcs_url: isPinned ? vcsUrl(location, String(state.revision)) : undefined },
    },
    properties: typeof state.revision === 'string' ? { 'swift:revision': state.revision } : {},
  };
}
