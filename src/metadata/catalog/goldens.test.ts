/**
 * Package lists of real images, as another scanner wrote them. The images are not at hand, so their databases are written anew from the
 * lists, in the form that the distribution has: names, versions with epochs, sources and licences must come back as they are there.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dataSet, needsSharedData } from '../../../test/shared-data.ts';
import { createMemoryTree } from '../../core/testing.ts';
import type { MemoryFiles } from '../../core/testing.ts';
import { ndbFile, rpmHeader } from './catalogers/os/rpm/testing.ts';
import { catalogSelector, catalogTree } from './index.ts';

interface Golden {
  readonly Name: string;
  readonly Version: string;
  readonly Release?: string;
  readonly Epoch?: number;
  readonly Arch?: string;
  readonly SrcName?: string;
  readonly SrcVersion?: string;
  readonly SrcRelease?: string;
  readonly SrcEpoch?: number;
  readonly Licenses?: readonly string[];
}

const versionOf = ({ Version, Release = '', Epoch = 0 }: Golden) =>
  `${Epoch === 0 ? '' : `${Epoch}:`}${Version}${Release === '' ? '' : `-${Release}`}`;
/** The signatures that rpm trusts have none. */
const sourceOf = ({ SrcName = '', SrcVersion = '', SrcRelease = '', SrcEpoch = 0, ...one }: Golden): Golden =>
  SrcName === '' ? one : { Name: SrcName, Version: SrcVersion, Release: SrcRelease, Epoch: SrcEpoch };

function rpms(list: readonly Golden[]): MemoryFiles {
  const headers = list.map((one) => {
    const { SrcName = '', SrcVersion, SrcRelease, Epoch = 0 } = one;
    return rpmHeader({
      1000: one.Name,
      1001: one.Version,
      1002: one.Release ?? '',
      ...(Epoch === 0 ? {} : { 1003: [Epoch] }),
      1014: one.Licenses?.join(' ') ?? '',
      1022: one.Arch ?? '',
      ...(SrcName === '' ? {} : { 1044: `${SrcName}-${SrcVersion}-${SrcRelease}.src.rpm` }),
    });
  });
  return { 'var/lib/rpm/Packages.db': ndbFile(headers) };
}

function paragraphOf(one: Golden): string {
  const source = sourceOf(one);
  return `Package: ${one.Name}\nSource: ${source.Name} (${versionOf(source)})\nVersion: ${versionOf(one)}\n`;
}

function debs(list: readonly Golden[]): MemoryFiles {
  const status = list.map((one) => `${paragraphOf(one)}Status: install ok installed\n\n`).join('');
  const copyrights = list.map(({ Name, Licenses = [] }) => [
    `usr/share/doc/${Name}/copyright`,
    Licenses.map((licence) => `License: ${licence}\n`).join(''),
  ]);
  return { 'var/lib/dpkg/status': status, ...Object.fromEntries(copyrights) };
}

function distrolessDebs(list: readonly Golden[]): MemoryFiles {
  return Object.fromEntries(list.map((one) => [`var/lib/dpkg/status.d/${one.Name}`, paragraphOf(one)]));
}

function apks(list: readonly Golden[]): MemoryFiles {
  const blocks = list.map(
    (one) => `P:${one.Name}\nV:${one.Version}\no:${sourceOf(one).Name}\nL:${one.Licenses?.join(' AND ') ?? ''}\n\n`,
  );
  return { 'lib/apk/db/installed': blocks.join('') };
}

/** By how the names of the lists begin; all others are of rpm. */
const FORMS = { alpine: apks, vulnimage: apks, debian: debs, ubuntu: debs, 'gcr.io': distrolessDebs };

interface Told {
  readonly name: string;
  readonly version: string;
  readonly source: { readonly name: string; readonly version: string };
  readonly licences: readonly string[];
}

/** An expression may be one text or a list. */
const lineOf = ({ name, version, source, licences }: Told) =>
  `${name} ${version} of ${source.name} ${source.version}: ${licences
    .flatMap((text) => text.split(' AND '))
    .toSorted()
    .join(', ')}`;

test('the packages of real images come back from databases of their distribution', needsSharedData, async () => {
  const folder = join(dataSet('goldens'), 'trivy-image-packages');
  const names = readdirSync(folder).filter((name) => name.endsWith('.json.golden'));
  assert.equal(names.length, 14);
  for (const name of names) {
    const list = JSON.parse(readFileSync(join(folder, name), 'utf8')) as readonly Golden[];
    const build = Object.entries(FORMS).find(([start]) => name.startsWith(start))?.[1] ?? rpms;
    const found = await catalogTree(createMemoryTree(build(list), catalogSelector), { declared: false });
    assert.deepEqual(found.skipped, [], name);
    const told = found.components.map((one) => lineOf({ ...one, source: one.source ?? one }));
    const wanted = list.map((one) => {
      const source = sourceOf(one);
      const { Name, Licenses = [] } = one;
      return lineOf({
        name: Name,
        version: versionOf(one),
        source: { name: source.Name, version: versionOf(source) },
        licences: Licenses,
      });
    });
    const difference = [
      ...wanted.filter((line) => !told.includes(line)).map((line) => `missing ${line}`),
      ...told.filter((line) => !wanted.includes(line)).map((line) => `unexpected ${line}`),
    ];
    assert.deepEqual(difference, [], name);
    assert.equal(told.length, list.length, name);
  }
});

/** The project itself has no package URL here, for nobody publishes it; Composer's list is read where Composer writes it. */
const OTHERWISE: ReadonlySet<string> = new Set([
  'pkg:cargo/app@0.1.0',
  'pkg:nuget/Microsoft.VisualStudio.TestPlatform.Common@17.2.0-release-20220408-11',
  'pkg:pypi/uv-test@0.1.0',
  'pkg:npm/integration@1.0.0',
  'pkg:composer/guzzlehttp/psr7@1.8.3',
  'pkg:composer/psr/http-message@1.1',
  'pkg:composer/ralouphie/getallheaders@3.0.3',
]);
/** Folders whose name is not that of the report. */
const FOLDERS: Readonly<Record<string, string>> = {
  'cargo.lock': 'cargo',
  'composer.lock': 'composer',
  'composer.vendor': 'composer-vendor',
  'mix.lock': 'mixlock',
  'pubspec.lock': 'pubspec',
  'npm-with-dev': 'npm',
};

interface Report {
  readonly Results?: readonly {
    readonly Packages?: readonly {
      readonly ID: string;
      readonly Identifier?: { readonly PURL?: string };
      readonly Licenses?: readonly string[];
      readonly DependsOn?: readonly string[];
    }[];
  }[];
}

function readFolder(folder: string): MemoryFiles {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path)]));
}

test('projects give the packages, licences and edges that another scanner reports', needsSharedData, async () => {
  const root = dataSet('goldens');
  let compared = 0;
  for (const name of readdirSync(join(root, 'trivy-repo-reports'))) {
    const report = JSON.parse(readFileSync(join(root, 'trivy-repo-reports', name), 'utf8')) as Report;
    const project = name.replace('.json.golden', '');
    const folder = join(root, 'trivy-repo-fixtures', FOLDERS[project] ?? project);
    const found = await catalogTree(createMemoryTree(readFolder(folder), catalogSelector), { declared: true });
    const byId = new Map(found.components.map((component) => [component.id, component]));
    const edges = new Set(found.dependencies.flatMap(({ from, to }) => to.map((target) => `${from} ${target}`)));
    const packages = (report.Results ?? []).flatMap(({ Packages = [] }) => Packages);
    const purls = new Map(packages.map(({ ID, Identifier }) => [ID, Identifier?.PURL ?? '']));
    for (const { ID, Licenses, DependsOn = [] } of packages) {
      const purl = purls.get(ID) ?? '';
      if (purl === '' || OTHERWISE.has(purl)) continue;
      assert.ok(byId.has(purl), `${name}: ${purl}`);
      if (Licenses !== undefined) assert.deepEqual(byId.get(purl)?.licences.toSorted(), Licenses.toSorted(), purl);
      for (const target of DependsOn) assert.ok(edges.has(`${purl} ${purls.get(target)}`), `${purl} needs ${target}`);
      compared += 1;
    }
  }
  assert.ok(compared > 60, `${compared} packages`);
});
