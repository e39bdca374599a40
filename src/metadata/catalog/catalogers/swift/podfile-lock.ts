/** CocoaPods' `Podfile.lock`: pods and their subspecs, with who needs whom. A subspec is a subpath in package URLs. */
import { isRecord, mismatch } from '../../../../core/index.ts';
import type { Given } from '../../components.ts';
import { parseYaml } from '../../documents.ts';
import { addEntries, createFileCataloger, vcsUrl } from '../../file-cataloger.ts';
import type { Entry, Reading } from '../../file-cataloger.ts';
import { recordOf } from '../../values.ts';
import type { Raw } from '../../values.ts';

export const podfileLock = createFileCataloger({
  id: 'podfile-lock',
  evidence: 'lock',
  names: ['Podfile.lock'],
  read,
});

function read(reading: Reading): void {
  const { content, file, finds } = reading;
  const lock = parseYaml(content, file.path);
  if (!isRecord(lock) || !Array.isArray(lock.PODS)) throw mismatch(file.path, 'an object with PODS', lock);
  const entries = new Map<string, Entry>();
  for (const pod of lock.PODS as readonly unknown[]) {
    const [text, needs] = isRecord(pod) ? (Object.entries(pod)[0] ?? []) : [pod, []];
    const [, name, version] = /^(\S+) \(([^()\s]+)\)$/.exec(typeof text === 'string' ? text : '') ?? [];
    if (name === undefined || version === undefined) {
      finds.skip(file, `expected a pod and its version, found ${JSON.stringify(text)?.slice(0, 80)}`);
      continue;
    }
    const names: readonly unknown[] = Array.isArray(needs) ? needs : [];
    entries.set(name, {
      given: describe(name, version, lock),
      needs: names.flatMap((need) => (typeof need === 'string' ? (need.split(' ', 1)[0] ?? []) : [])),
    });
  }
  addEntries(reading, entries);
}

/** The checksum is of the specification, not of the pod. */
function describe(full: string, version: string, lock: Raw): Given {
  const slash = full.indexOf('/');
  const [name, subpath] = slash < 0 ? [full, undefined] : [full.slice(0, slash), full.slice(slash + 1)];
  const checkout = recordOf(recordOf(lock['CHECKOUT OPTIONS'])[name]);
  const checksum = recordOf(lock['SPEC CHECKSUMS'])[name];
  if (recordOf(recordOf(lock['EXTERNAL SOURCES'])[name])[':path'] !== undefined) {
    return { name: full, version, kind: 'application' };
  }
  const [address, commit] = [checkout[':git'], checkout[':commit']];
  const vcs_url = typeof address === 'string' && typeof commit === 'string' ? vcsUrl(address, commit) : undefined;
  return {
    name: full,
    version,
    purl: { type: 'cocoapods', name, version, subpath, qualifiers: { vcs_url } },
    properties: typeof checksum === 'string' ? { 'cocoapods:specChecksum': checksum } : {},
  };
}
