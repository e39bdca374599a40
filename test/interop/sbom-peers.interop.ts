/**
 * Bills of materials beside released Syft, Trivy and cdxgen, of real software: whatever one of them lists and we do not is explained in
 * `EXPLAINED`, and what is not fails. Writes docs/reference/sboms-of-peers.md.
 */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as software from '../../scripts/sample-software.ts';
import { hasSharedData } from '../shared-data.ts';
import {
  listMissed,
  makeAlpineRoot,
  makeRpmRoot,
  makeTrivyCache,
  OFFLINE,
  scan,
  SCANNERS,
  trivySbom,
  type ScannerName,
} from './sbom-peers.ts';
import { createBench, missingPeers, peer, PLIMSOLL, type Bench } from './support.ts';

interface Input {
  readonly name: string;
  /** What cdxgen calls it; absent where it does not know it. */
  readonly language?: string;
  readonly make: (folder: string) => void;
  /** Is no layer of the image, for one distribution is there already. */
  readonly isApart?: true;
}

/** Each is scanned as a folder and, but for those apart, is a layer of the image. */
const INPUTS: readonly Input[] = [
  { name: 'debian', make: (folder) => software.makeDebianRoot(folder, software.SMALL_DEBIAN) },
  { name: 'node', language: 'js', make: (folder) => software.makeNodeProject(join(folder, 'srv/app')) },
  { name: 'python', language: 'python', make: (folder) => software.makePythonEnvironment(join(folder, 'opt/venv')) },
  { name: 'java', language: 'jar', make: (folder) => software.makeJars(join(folder, 'opt/jars')) },
  { name: 'fat-jars', language: 'jar', make: (folder) => software.makeFatArchives(join(folder, 'opt/app')) },
  {
    name: 'go',
    make: (folder) =>
      software.makeProgram(join(folder, 'usr/local/bin/registry'), process.env['PEER_DISTRIBUTION3'] ?? ''),
  },
  {
    name: 'rust',
    language: 'rust',
    make: (folder) => software.makeCrate(join(folder, 'srv/rust'), process.env['PEER_CARGO_AUDITABLE'] ?? ''),
  },
  ...(hasSharedData
    ? ([
        { name: 'rpm', make: makeRpmRoot, isApart: true },
        { name: 'alpine', make: makeAlpineRoot, isApart: true },
      ] as const)
    : []),
];

const LAYERS = INPUTS.filter(({ isApart }) => isApart !== true);

interface Explanation {
  readonly peers: readonly ScannerName[];
  readonly pattern: RegExp;
  readonly reason: string;
}

/** What they list and we do not. */
const EXPLAINED: readonly Explanation[] = [
  {
    peers: ['syft'],
    pattern: /^-\/(?:cli|gui)(?:-\w+)?@unknown$/,
    reason: 'starters for Windows inside of setuptools, which is listed; nothing in them tells a version',
  },
  {
    peers: ['syft'],
    pattern: /^-\/simple launcher@/,
    reason: 'the starters of distlib for Windows, which share this description: each is listed by the name of its file',
  },
  {
    peers: ['syft', 'trivy'],
    pattern: /^npm\/benchmark@1\.0\.0$/,
    reason: 'the package.json of a folder of benchmarks inside of fast-uri: no package of this name is installed',
  },
  {
    peers: ['syft'],
    pattern: /^github\//,
    reason: 'workflows that packages in node_modules carry along: nothing runs them here',
  },
  {
    peers: ['trivy'],
    pattern: /^golang\/\.\//,
    reason: 'folders that replaced modules: these are listed by the name under which they are imported',
  },
  {
    peers: ['trivy'],
    pattern: /^golang\/.*@\(devel\)$/,
    reason: 'modules of which Go knows no version and says so by this word: these are listed without one',
  },
  {
    peers: ['trivy'],
    pattern: /^cargo\/(?:proc-macro2|quote|serde_derive|syn|unicode-ident)@/,
    reason:
      'crates that a Cargo.lock in the image names and the program beside it does not hold, for they only build others',
  },
  {
    peers: ['syft', 'cdxgen'],
    pattern: /^maven\/([^/]+)\/\1@/,
    reason:
      'archives with the name of the file as group, which Maven Central does not have: they are listed by their group',
  },
];

interface Result {
  readonly input: string;
  readonly counts: Partial<Record<ScannerName, number>>;
  readonly missed: readonly { readonly peer: ScannerName; readonly key: string; readonly reason: string | undefined }[];
}

describe('SBOMs beside other scanners', missingPeers('PEER_SYFT', 'PEER_TRIVY', 'PEER_CDXGEN'), () => {
  let bench: Bench;
  const results: Result[] = [];

  before(async () => {
    bench = await createBench();
    await makeTrivyCache(join(bench.folder, 'trivy'));
  });
  after(async () => {
    await bench.stop();
  });

  const compare = async (
    input: string,
    commandsOf: (scanner: (typeof SCANNERS)[number], output: string) => Commands,
  ) => {
    const found = new Map<ScannerName, ReadonlySet<string>>();
    for (const scanner of SCANNERS) {
      const output = `${input}.${scanner.name}.json`;
      const commands = commandsOf(scanner, output);
      if (commands !== undefined) found.set(scanner.name, await scan(bench, commands, output));
    }
    const ours = found.get('plimsoll') ?? new Set();
    const missed = [...found].flatMap(([name, theirs]) =>
      listMissed(ours, theirs).map((key) => ({ peer: name, key, reason: explain(name, key) })),
    );
    const counts = Object.fromEntries([...found].map(([name, { size }]) => [name, size]));
    results.push({ input, counts, missed });
    assert.deepEqual(
      missed.filter(({ reason }) => reason === undefined),
      [],
    );
  };

  for (const { name, language, make } of INPUTS) {
    test(`${name}: all that they list is listed or explained`, async () => {
      make(join(bench.folder, name));
      await compare(name, ({ name: scanner, folder }, output) =>
        scanner === 'cdxgen' && language === undefined ? undefined : folder(name, output, language ?? ''),
      );
    });
  }

  test('an image of them all', async () => {
    const layers = LAYERS.flatMap(({ name }) => ['-f', `${name}.tar`]);
    for (const { name } of LAYERS) software.packLayer(join(bench.folder, name), join(bench.folder, `${name}.tar`));
    await bench.run([PLIMSOLL, 'append', ...layers, '-o', 'oci:layout']);
    await compare('image', ({ image }, output) => image?.('layout', output));
  });

  test(
    'documents give others the findings of their own scan, and the same packages',
    missingPeers('PEER_GRYPE', 'PEER_ADVISORY_DB'),
    async () => {
      const input = JSON.stringify(ADVISORIES);
      await bench.run(peer('PEER_ADVISORY_DB')('trivy'), { input });
      const forms = {
        'image.cdx': 'cyclonedx-json',
        'image.cdx14': 'cyclonedx-json@1.4',
        'image.spdx': 'spdx-json',
        'image.spdx3': 'spdx-json@3.0',
        'image.tag': 'spdx-tag-value',
      };
      const targets = Object.entries(forms).flatMap(([file, form]) => ['-o', `${form}=${file}`]);
      await bench.run([PLIMSOLL, 'sbom', 'oci-dir:layout', ...targets]);
      const wanted = await matchByGrype(bench, 'oci-dir:layout');
      const found = new Set(wanted.map((text) => text.slice(0, 'CVE-2099-0000'.length)));
      assert.deepEqual(found, new Set(ADVISORIES.map(({ id }) => id)));
      for (const document of Object.keys(forms))
        assert.deepEqual(await matchByGrype(bench, `sbom:${document}`), wanted, document);
      const debian = await namesSeenByTrivy(bench, 'image.cdx14', 'debian');
      assert.ok(debian.includes('libc6') && debian.includes('libssl3t64'));
      for (const document of ['image.spdx', 'image.tag'])
        assert.deepEqual(await namesSeenByTrivy(bench, document, 'debian'), debian, document);
      const all = new Set(await namesSeenByTrivy(bench, 'image.cdx14'));
      for (const { name, seenAs = name } of ADVISORIES) assert.ok(all.has(seenAs), seenAs);
    },
  );

  test('the page of what each finds is written', async () => {
    assert.equal(results.length, INPUTS.length + 1);
    const page = formatPage(results);
    process.stdout.write(page);
    await writeFile(join(import.meta.dirname, '../../docs/reference/sboms-of-peers.md'), page);
  });
});

interface Advisory {
  readonly id: string;
  readonly ecosystem: string;
  readonly name: string;
  readonly version: string;
  readonly constraint: string;
  readonly distro?: { readonly id: string; readonly major: string; readonly codename: string };
  /** A package that is built from it, where no package has its name. */
  readonly seenAs?: string;
}

/** One of each kind, in a version that no package has; the distribution's is of a source whose packages have other names. */
const ADVISORIES: readonly Advisory[] = [
  { ecosystem: 'npm', name: 'ajv', version: 'semantic' },
  { ecosystem: 'python', name: 'requests', version: 'python' },
  { ecosystem: 'java-archive', name: 'org.bouncycastle:bcprov-jdk18on', version: 'maven' },
  { ecosystem: 'go-module', name: 'github.com/spf13/cobra', version: 'semantic' },
  {
    ecosystem: 'deb',
    name: 'glibc',
    version: 'dpkg',
    distro: { id: 'debian', major: '13', codename: 'trixie' },
    seenAs: 'libc6',
  },
].map((advisory, at) => ({ ...advisory, id: `CVE-2099-000${at}`, constraint: '< 99.0.0' }));

/** Of an image or a document: id, name and version of each finding. */
async function matchByGrype(bench: Bench, source: string): Promise<readonly string[]> {
  const env = {
    ...OFFLINE,
    GRYPE_DB_CACHE_DIR: 'trivy',
    GRYPE_DB_AUTO_UPDATE: 'false',
    GRYPE_DB_VALIDATE_AGE: 'false',
    GRYPE_DB_VALIDATE_BY_HASH_ON_START: 'false',
    GRYPE_CHECK_FOR_APP_UPDATE: 'false',
  };
  const { stdout } = await bench.run(peer('PEER_GRYPE')(source, '-q', '-o', 'json'), { env });
  const { matches } = JSON.parse(stdout) as {
    matches: { vulnerability: { id: string }; artifact: { name: string; version: string } }[];
  };
  // a document may name an archive of Java with its group
  const findings = matches.map(
    ({ vulnerability, artifact: { name, version } }) => `${vulnerability.id} ${name.replace(/^.*:/, '')} ${version}`,
  );
  return [...new Set(findings)].sort();
}

/** Of one of its kinds of packages, or of all. */
async function namesSeenByTrivy(bench: Bench, document: string, kind?: string): Promise<readonly string[]> {
  await bench.run(trivySbom(document, 'seen.json'), { env: OFFLINE });
  const { Results: results = [] } = JSON.parse(await readFile(join(bench.folder, 'seen.json'), 'utf8')) as {
    Results?: { Type: string; Packages?: { Name: string }[] }[];
  };
  const counted = results.filter(({ Type }) => kind === undefined || Type === kind);
  return counted.flatMap(({ Packages = [] }) => Packages.map(({ Name }) => Name)).sort();
}

type Commands = readonly (readonly string[])[] | undefined;

function explain(name: ScannerName, key: string): string | undefined {
  return EXPLAINED.find(({ peers, pattern }) => peers.includes(name) && pattern.test(key))?.reason;
}

const HEADER = `# SBOMs beside other scanners

Written by \`npm run interop\`: packages that each scanner lists in the same software, one per name and version. Trivy counts with what \`fs\` and
\`rootfs\` find together and without its database of Java archives, cdxgen where it knows the language and without asking registries.

`;

function formatPage(results: readonly Result[]): string {
  const names = SCANNERS.map(({ name }) => name);
  const rows = results.map(({ input, counts }) => [input, ...names.map((name) => counts[name] ?? '')]);
  const table = [['software', ...names], names.map(() => '---').concat('---'), ...rows];
  const lines = table.map((cells) => `| ${cells.join(' | ')} |`);
  const missed = results.flatMap((result) => result.missed);
  const reasons = EXPLAINED.map(({ peers, reason }) => {
    const count = new Set(missed.filter((one) => one.reason === reason).map(({ key }) => key)).size;
    return `| ${peers.join(', ')} | ${count} | ${reason} |`;
  });
  const explained = ['| listed by | packages | and not by us: they are |', '| --- | --- | --- |', ...reasons];
  return `${HEADER}${lines.join('\n')}\n\n${explained.join('\n')}\n`;
}
