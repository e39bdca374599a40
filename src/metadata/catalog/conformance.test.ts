import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { createMemoryTree } from '../../core/testing.ts';
import type { MemoryFile } from '../../core/testing.ts';
import { dataSet, needsSharedData } from '../../../test/shared-data.ts';
import type { Component } from '../sbom/index.ts';
import { catalogSelector, catalogTree } from './index.ts';

interface ExpectedPackage {
  readonly name: string;
  readonly version: string;
  readonly epoch?: number;
  readonly release?: string;
  readonly purl?: string;
  readonly relationship?: string;
}
interface Expectation {
  readonly ecosystem: string;
  readonly input: string;
  readonly inputFile?: string;
  readonly treatAs?: string;
  readonly packages?: readonly ExpectedPackage[];
  readonly variants?: readonly Expectation[];
  readonly gzippedInputs?: readonly string[];
  readonly expectError?: boolean;
  readonly osRelease?: string;
  readonly os?: { readonly family: string; readonly name?: string };
}

/** Where a scanner would meet the fixture in the field, by ecosystem and the fixture's own name. */
function placeOf(folder: string, expectation: Expectation): string | undefined {
  const name = expectation.inputFile ?? '';
  if (folder.startsWith('apk/')) return 'lib/apk/db/installed';
  if (folder.includes('dpkg_status.d')) return `var/lib/dpkg/status.d/${name}`;
  if (folder.includes('opkg_')) return 'usr/lib/opkg/status';
  if (folder.includes('common-license')) return 'usr/share/doc/adduser/copyright';
  if (folder.startsWith('dpkg/')) return 'var/lib/dpkg/status';
  if (/binary/.test(folder)) return `usr/bin/${name.replace(/\.gz$/, '')}`;
  if (/gomod|mod_|go-mod/.test(folder) && folder.startsWith('go/') && !name.endsWith('.sum')) return 'app/go.mod';
  if (/npm\/.*(?:shrinkwrap)/.test(folder)) return 'app/npm-shrinkwrap.json';
  if (/npm\/.*(?:packagelock|package-lock)/.test(folder)) return 'app/package-lock.json';
  if (/npm\/.*(?:packagejson|pkg-json|nodejs_pkg_)/.test(folder)) return 'app/node_modules/fixture/package.json';
  return undefined;
}

function readTree(root: string, folder = ''): Record<string, MemoryFile> {
  const files: Record<string, MemoryFile> = {};
  for (const name of readdirSync(join(root, folder))) {
    const path = folder === '' ? name : `${folder}/${name}`;
    if (statSync(join(root, path)).isDirectory()) Object.assign(files, readTree(root, path));
    else files[path] = { content: readFileSync(join(root, path)), mode: 0o755 };
  }
  return files;
}

async function run(folder: string): Promise<string | undefined> {
  const root = join(dataSet('catalogers'), folder);
  const expectation = JSON.parse(readFileSync(join(root, 'expected.json'), 'utf8')) as Expectation;
  const variants = expectation.variants ?? [expectation];
  const files = readTree(join(root, 'input'));
  const place = expectation.input === 'file' ? placeOf(folder, expectation) : undefined;
  if (place !== undefined) {
    const found = files[expectation.inputFile ?? ''] as { content: Buffer } | undefined;
    if (found === undefined) return 'no input';
    const isZipped = expectation.gzippedInputs?.includes(expectation.inputFile ?? '') === true;
    if (folder.startsWith('npm/')) for (const name of Object.keys(files)) files[`app/${name}`] ??= files[name] ?? '';
    files[place] = { content: isZipped ? gunzipSync(found.content) : found.content, mode: 0o755 };
  }
  const osRelease = variants.find((variant) => variant.osRelease !== undefined)?.osRelease;
  if (osRelease !== undefined && osRelease !== '') files['etc/os-release'] = osRelease;
  const catalog = await catalogTree(createMemoryTree(files, catalogSelector), { declared: true });
  if (expectation.expectError === true) {
    return catalog.components.length === 0 ? undefined : `expected nothing, found ${catalog.components.length}`;
  }
  const project = rootOf(files[place ?? '']);
  const reasons = variants.map((variant) => compare(variant.packages ?? [], catalog.components, project));
  return reasons.some((reason) => reason === undefined) ? undefined : reasons[0];
}

/** Name of the project that a lock file is about: some scanners list it, here it is the subject of the document. */
function rootOf(file: MemoryFile | undefined): string | undefined {
  try {
    const content = typeof file === 'object' && 'content' in file ? Buffer.from(file.content).toString() : '';
    return (JSON.parse(content) as { lockfileVersion?: number; name?: string }).name;
  } catch {
    return undefined;
  }
}

/**
 * What each origin does in its own way does not count: a leading v, Go's standard library under another name or not at all,
 * the project itself as a package, packages for development left out.
 */
function compare(
  packages: readonly ExpectedPackage[],
  components: readonly Component[],
  root: string | undefined,
): string | undefined {
  const isStdlib = ({ name }: { name: string }) => name === 'stdlib' || name === 'go';
  const expectsStdlib = packages.some(isStdlib);
  const key = (name: string, version: string) =>
    `${name === 'go' ? 'stdlib' : name}@${version === '(devel)' ? '' : version.replace(/^v/, '')}`;
  const expected = packages
    .filter(({ name, relationship, version }) => (relationship !== 'root' || version !== '') && name !== root)
    .map((entry) => key(entry.name, fullVersion(entry)));
  const counted = components.filter((component) => (expectsStdlib || !isStdlib(component)) && component.name !== root);
  const found = counted.map(({ name, version }) => key(name, version));
  const missing = expected.filter((entry) => !found.includes(entry));
  const extra = counted
    .filter(
      ({ name, version, kind, scope }) =>
        !expected.includes(key(name, version)) &&
        scope !== 'development' &&
        !(kind === 'application' && version === '(devel)'),
    )
    .map(({ name, version }) => key(name, version));
  if (missing.length > 0 || extra.length > 0) return `missing ${missing.join(' ')}; extra ${extra.join(' ')}`;
  for (const entry of packages) {
    const purl = components.find(({ name, version }) => name === entry.name && version === entry.version)?.purl;
    // Qualifiers are each tool's own convention; type, namespace, name and version are not.
    if (entry.purl !== undefined && purl !== undefined && purl.split('?')[0] !== entry.purl.split('?')[0])
      return `${entry.purl}, found ${purl}`;
  }
  return undefined;
}

function fullVersion(entry: ExpectedPackage): string {
  const release = entry.release === undefined ? '' : `-${entry.release}`;
  return `${entry.epoch === undefined || entry.epoch === 0 ? '' : `${entry.epoch}:`}${entry.version}${release}`;
}

const FAMILIES: readonly { readonly ecosystem: string; readonly only: RegExp; readonly passing: number }[] = [
  { ecosystem: 'apk', only: /./, passing: 4 },
  { ecosystem: 'dpkg', only: /./, passing: 25 },
  { ecosystem: 'npm', only: /_packagejson_|pkg-json|packagelockjson|pkg-lock|nodejs_npm_|nodejs_pkg_/, passing: 71 },
  { ecosystem: 'go', only: /^(?!.*(?:vendormodules|golang_sum))/, passing: 29 },
];

for (const { ecosystem, only, passing } of FAMILIES) {
  test(`${ecosystem}: cases of published scanners give the same packages`, needsSharedData, async (context) => {
    const root = join(dataSet('catalogers'), ecosystem);
    const cases = readdirSync(root).filter((name) => only.test(name) && existsSync(join(root, name, 'expected.json')));
    const failed: string[] = [];
    for (const name of cases) {
      const reason = await run(`${ecosystem}/${name}`);
      if (reason !== undefined) failed.push(`${name}: ${reason.slice(0, 300)}`);
    }
    context.diagnostic(`${cases.length - failed.length} of ${cases.length} cases agree`);
    for (const line of failed) context.diagnostic(line);
    assert.ok(cases.length - failed.length >= passing, failed.join('\n'));
  });
}

/** Families as their origin calls them, where that is not the ID of os-release. */
const FAMILY_IDS: Readonly<Record<string, string>> = {
  alma: 'almalinux',
  azure: 'azurelinux',
  cblmariner: 'mariner',
  centosstream: 'centos',
  opensuseleap: 'opensuse',
  opensusetumbleweed: 'opensuse',
  oracle: 'ol',
  redhat: 'rhel',
  slemicro: 'sle-micro',
};

test('os-release: cases of published scanners give the same distribution', needsSharedData, async (context) => {
  const root = join(dataSet('catalogers'), 'os-release');
  const wrong: string[] = [];
  const cases = readdirSync(root).filter((name) => !name.includes('esm_'));
  for (const name of cases) {
    const expectation = JSON.parse(readFileSync(join(root, name, 'expected.json'), 'utf8')) as Expectation;
    const content = readFileSync(join(root, name, 'input', expectation.inputFile ?? ''));
    const file = /-release_(?!no)|release_no-version/.test(name) ? 'os-release' : (expectation.inputFile ?? '');
    const { distro } = await catalogTree(createMemoryTree({ [`etc/${file}`]: content }), { declared: false });
    const family = expectation.os?.family.toLowerCase() ?? '';
    const version = distro?.versionId ?? distro?.codename;
    const agrees =
      expectation.os === undefined
        ? distro === undefined || name.includes('no-version')
        : distro?.id.startsWith(FAMILY_IDS[family] ?? family) === true && version === expectation.os.name;
    if (!agrees) wrong.push(`${name}: expected ${JSON.stringify(expectation.os)}, found ${JSON.stringify(distro)}`);
  }
  context.diagnostic(`${cases.length - wrong.length} of ${cases.length} cases agree`);
  assert.deepEqual(wrong, []);
});
