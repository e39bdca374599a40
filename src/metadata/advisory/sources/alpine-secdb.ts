/**
 * Alpine's security database (`https://secdb.alpinelinux.org/vX.Y/main.json`): for each source package of one release the version that mends
 * each CVE. Version `0` says that the package was never affected. It has no severities and no texts.
 */
import { AppError, arrayOf, isRecord, object, string } from '../../../core/index.ts';
import type { Advisory, AffectedPackage } from '../advisory.ts';
import type { AdvisorySource } from './source.ts';

export const alpineSecdb: AdvisorySource = {
  id: 'alpine-secdb',
  recognizes: (document) =>
    isRecord(document) && typeof document.distroversion === 'string' && Array.isArray(document.packages),
  read: (document, what) => toAdvisories(decodeDatabase(document, what), what),
};

const decodeFixes = (value: unknown, path: string): ReadonlyMap<string, readonly string[]> => {
  // An empty list stands for an empty object in files written by some tools.
  if (!isRecord(value)) return new Map();
  return new Map(Object.entries(value).map(([version, ids]) => [version, arrayOf(string)(ids, `${path}.${version}`)]));
};
const decodeDatabase = object({
  distroversion: string,
  reponame: string,
  packages: arrayOf(object({ pkg: object({ name: string, secfixes: decodeFixes }) })),
});

function toAdvisories(database: ReturnType<typeof decodeDatabase>, what: string): readonly Advisory[] {
  const release = database.distroversion;
  if (!/^(?:v\d+\.\d+|edge)$/.test(release)) {
    throw new AppError('invalid-input', `${what}.distroversion: expected v<major>.<minor> or edge, found "${release}"`);
  }
  const fixes = database.packages.flatMap(({ pkg }) =>
    [...pkg.secfixes].flatMap(([version, texts]) => {
      const ids = texts.flatMap((text) => text.split(/\s+/)).filter((id) => id !== '' && version !== '0');
      return ids.map((id) => ({ id, fix: fixedIn(`Alpine:${release}`, pkg.name, version) }));
    }),
  );
  return [...Map.groupBy(fixes, ({ id }) => id)].map(([id, group]) => {
    const affected = group.map(({ fix }) => fix);
    return toAdvisory(id, `${release}-${database.reponame}`, affected);
  });
}

function fixedIn(ecosystem: string, name: string, version: string): AffectedPackage {
  const events = [{ kind: 'introduced', version: '0' } as const, { kind: 'fixed', version } as const];
  return { ecosystem, name: name.toLowerCase(), versions: [], ranges: [{ kind: 'ecosystem', events }] };
}

/** One file speaks of one repository of one release, so its records must not replace those of another. */
function toAdvisory(id: string, place: string, affected: readonly AffectedPackage[]): Advisory {
  return {
    id: `ALPINE-${place}-${id}`,
    shownAs: id,
    summary: '',
    aliases: [],
    upstream: [id],
    rating: { severity: 'unknown' },
    ...(id.startsWith('CVE-') ? { url: `https://security.alpinelinux.org/vuln/${id}` } : {}),
    affected: joinFixes(affected),
  };
}

/** A package mended twice for one id is safe from the later version on: a version in between counts by the first range it is below. */
function joinFixes(list: readonly AffectedPackage[]): readonly AffectedPackage[] {
  return [...Map.groupBy(list, ({ name }) => name).values()].flatMap((group) =>
    group.slice(0, 1).map((first) => ({ ...first, ranges: group.flatMap(({ ranges }) => ranges) })),
  );
}
