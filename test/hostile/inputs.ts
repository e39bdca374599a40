/**
 * Sources made to harm who reads them, each with what must be said of it. Contents are made when asked for: together they have GiB.
 */
import { deflateRawSync, gzipSync } from 'node:zlib';
import { GOOD_FILES } from '../../src/metadata/catalog/cataloger-testing.ts';
import { createZip } from '../../src/metadata/catalog/testing.ts';

export type Content = string | Uint8Array | { readonly link: string };
export type Files = Readonly<Record<string, Content>>;

export interface HostileInput {
  readonly name: string;
  readonly files: () => Files;
  /** Over `PATH: REASON` of what a folder's SBOM lists as skipped; every pattern must be found. None where all of it is read. */
  readonly skipped: readonly RegExp[];
  /** Of components that must be found all the same. */
  readonly found?: readonly string[];
  /** Of memory, where little is enough. */
  readonly mebibytes?: number;
  /** Lowest layer first, where a folder cannot say it. A path with an empty text and `.wh.` in its name deletes. */
  readonly layers?: () => readonly Files[];
}

const MIB = 1024 * 1024;

/** Where each cataloger looks, so that all see what is hostile to any. */
const PATHS: readonly string[] = [...new Set(Object.values(GOOD_FILES).map(([path]) => path))];

function everywhere(content: (path: string) => Content): Files {
  return Object.fromEntries(PATHS.map((path, index) => [`n${index}/${path}`, content(path)]));
}

/** Every format, cut at so many places. */
function truncated(places: number): Files {
  const files: Record<string, Content> = {};
  for (const [path, good] of Object.values(GOOD_FILES)) {
    const bytes = Buffer.from(good);
    for (let cut = 0; cut < places; cut++) {
      files[`cut${cut}/${path}`] = bytes.subarray(0, Math.floor((bytes.length * cut) / places));
    }
  }
  return files;
}

/** A ZIP archive of one entry of zeros that claims less, or more, than it is. */
function liar(claimed: number, actual: number): Buffer {
  const zip = createZip({ 'META-INF/MANIFEST.MF': Buffer.alloc(actual) });
  const directory = zip.indexOf(Buffer.from([0x50, 0x4b, 0x01, 0x02]));
  zip.writeUInt32LE(claimed, directory + 24);
  return zip;
}

/** Archives in archives: each holds so many of the next. */
function nestedJars(levels: number, width: number): Buffer {
  let jar = createZip({ 'META-INF/MANIFEST.MF': 'Implementation-Title: inner\nImplementation-Version: 1\n' });
  for (let level = 0; level < levels; level++) {
    const inner = jar;
    jar = createZip(Object.fromEntries(Array.from({ length: width }, (_, index) => [`lib/${index}.jar`, inner])));
  }
  return jar;
}

/** Entries that all have the same bytes: a small archive that unpacks to very much. */
function overlapping(entries: number): Buffer {
  const packed = deflateRawSync(Buffer.alloc(16 * MIB));
  const name = Buffer.from('META-INF/MANIFEST.MF');
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50);
  local.writeUInt16LE(8, 8);
  local.writeUInt16LE(name.length, 26);
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50);
  entry.writeUInt16LE(8, 10);
  entry.writeUInt32LE(packed.length, 20);
  entry.writeUInt32LE(16 * MIB, 24);
  entry.writeUInt16LE(name.length, 28);
  const directory = Buffer.concat(Array.from({ length: entries }, () => Buffer.concat([entry, name])));
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(entries, 8);
  end.writeUInt16LE(entries, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(local.length + name.length + packed.length, 16);
  return Buffer.concat([local, name, packed, directory, end]);
}

/** An ELF file whose one section claims all that a number can say, and whose count of sections does too. */
function hollowElf(size: number): Buffer {
  const content = Buffer.alloc(size);
  content.write('\x7fELF\x02\x01', 'latin1');
  content.writeBigUInt64LE(64n, 32);
  content.writeBigUInt64LE(64n, 40);
  for (const [at, value] of [
    [54, 56],
    [56, 0xffff],
    [58, 64],
    [60, 0xffff],
    [62, 0],
  ] as const)
    content.writeUInt16LE(value, at);
  content.fill(0xff, 64, 4096);
  return content;
}

const LINES = 10_000_000;
const JSON_NAMES = [
  'package-lock.json',
  'composer.lock',
  'Pipfile.lock',
  'conan.lock',
  'bun.lock',
  'deno.lock',
] as const;
const YAML_NAMES = ['pnpm-lock.yaml', 'pubspec.lock', 'Podfile.lock', 'environment.yml', 'stack.yaml.lock'] as const;
const TOML_NAMES = ['poetry.lock', 'uv.lock', 'Cargo.lock', 'pdm.lock', 'pylock.toml'] as const;

function named(names: readonly string[], content: () => Content): Files {
  return Object.fromEntries(names.map((name) => [`app/${name}`, content()]));
}

const GOOD_LOCK = '{"lockfileVersion":3,"packages":{"node_modules/left-pad":{"version":"1.3.0"}}}';
const laughs = (count: number) =>
  [
    'a0: &a0 [x, x, x, x, x, x, x, x, x]',
    ...Array.from({ length: count }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(9)}]`),
  ].join('\n');

export const INPUTS: readonly HostileInput[] = [
  {
    name: 'every format cut at 24 places',
    files: () => truncated(24),
    skipped: [/cut\d+\/.*package-lock\.json: .*expected JSON/],
  },
  {
    name: 'bytes that are no UTF-8 in every format',
    files: () => everywhere(() => Buffer.from('fffefdc0c1f5ff80'.repeat(4096), 'hex')),
    skipped: [/package-lock\.json/],
  },
  {
    name: 'one line of 2 MiB in every format of text',
    files: () =>
      everywhere((path) =>
        /\.(?:jar|whl|vsix|exe|dll|gguf|safetensors)$/.test(path) ? '' : Buffer.alloc(2 * MIB, 'a'),
      ),
    skipped: [/package-lock\.json/],
  },
  {
    name: 'lock files of ten million lines',
    files: () => ({
      'app/yarn.lock': Buffer.alloc(6 * LINES, 'a@1:\n\n'),
      'app/requirements.txt': Buffer.alloc(6 * LINES, 'a==1\n\n'),
      'app/go.sum': Buffer.alloc(6 * LINES, 'a b c\n'),
      'app/Gemfile.lock': Buffer.alloc(6 * LINES, 'GEM  \n'),
      'app/gradle.lockfile': Buffer.alloc(6 * LINES, 'a:b:c\n'),
      'app/pnpm-lock.yaml': Buffer.alloc(4 * LINES, 'a:b\n'),
    }),
    skipped: ['yarn.lock', 'requirements.txt', 'go.sum', 'Gemfile.lock', 'gradle.lockfile', 'pnpm-lock.yaml'].map(
      (name) => new RegExp(`${name.replace('.', String.raw`\.`)}: .*(?:at most|larger than)`),
    ),
    mebibytes: 512,
  },
  {
    name: 'JSON as deep as it is long',
    files: () => named(JSON_NAMES, () => `{"packages":${'[1,'.repeat(500_000)}{}`),
    skipped: JSON_NAMES.map((name) => new RegExp(`${name.replace('.', String.raw`\.`)}: .*levels of nesting`)),
  },
  {
    name: 'JSON with repeated keys and keys of prototypes',
    files: () => ({
      'app/package-lock.json':
        '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"lockfileVersion":3,"packages":{"node_modules/__proto__":{"version":"1"},"node_modules/constructor":{"version":"1"},"node_modules/left-pad":{"version":"0"},"node_modules/left-pad":{"version":"1.3.0"}}}',
    }),
    skipped: [],
    found: ['pkg:npm/left-pad@1.3.0', 'pkg:npm/constructor@1'],
  },
  {
    name: 'YAML whose aliases multiply',
    files: () => named(YAML_NAMES, () => laughs(30)),
    skipped: YAML_NAMES.map((name) => new RegExp(`${name.replace('.', String.raw`\.`)}: .*expected YAML`)),
  },
  {
    name: 'YAML and TOML of nothing but brackets',
    files: () => ({
      ...named(YAML_NAMES, () => Buffer.alloc(8 * MIB, '[[{')),
      ...named(TOML_NAMES, () => `a = ${'['.repeat(2 * MIB)}`),
    }),
    skipped: [/pnpm-lock\.yaml: .*expected YAML/, /poetry\.lock: .*expected TOML/],
  },
  {
    name: 'XML whose entities multiply, and which names a file of the machine',
    files: () => ({
      'a/pom.xml': `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">${Array.from({ length: 9 }, (_, i) => `<!ENTITY a${i} "${'&a;'.repeat(10)}">`).join('')}]><project>&a8;</project>`,
      'b/pom.xml':
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><project><artifactId>&a;</artifactId></project>',
      'c/pom.xml': '<a>'.repeat(1_000_000),
    }),
    skipped: [/a\/pom\.xml: .*document type/, /b\/pom\.xml: .*document type/, /c\/pom\.xml: .*levels/],
  },
  {
    name: 'archives that lie about their size, hold themselves or share their bytes',
    files: () => ({
      'lib/less.jar': liar(10, 32 * MIB),
      'lib/more.jar': liar(0xfffffffe, 1024),
      'lib/deep.jar': nestedJars(40, 1),
      'lib/wide.jar': nestedJars(6, 12),
      'lib/overlapping.jar': overlapping(10_000),
      'lib/good.jar': createZip({
        'META-INF/maven/g/tool/pom.properties': 'groupId=g\nartifactId=tool\nversion=1.0\n',
      }),
    }),
    skipped: [/less\.jar/, /more\.jar/, /deep\.jar/, /overlapping\.jar/],
    found: ['pkg:maven/g/tool@1.0'],
  },
  {
    name: 'compressed lists that unpack to very much',
    files: () => ({
      'var/lib/chisel/manifest.wall': gzipSync(Buffer.alloc(600 * MIB)),
      'app/package-lock.json': GOOD_LOCK,
    }),
    skipped: [/manifest\.wall/],
    found: ['pkg:npm/left-pad@1.3.0'],
  },
  {
    name: 'executables whose tables lie',
    files: () => ({
      'usr/bin/tool': hollowElf(80 * MIB),
      'usr/bin/large': hollowElf(600 * MIB),
      'usr/bin/small': hollowElf(5000),
      'usr/bin/tool.exe': Buffer.concat([Buffer.from('MZ'), Buffer.alloc(8 * MIB, 0xff)]),
      'usr/bin/fat': Buffer.concat([Buffer.from('cafebabe0000000f', 'hex'), Buffer.alloc(MIB, 0x7f)]),
    }),
    skipped: [/usr\/bin\/large: .*only Go modules/],
    mebibytes: 240,
  },
  {
    name: 'links out of the source, in circles and through each other',
    files: () => ({
      'app/package-lock.json': { link: '/etc/hostile-outside/package-lock.json' },
      'b/package-lock.json': { link: '../../../../../../../../../etc/hostile-outside/package-lock.json' },
      'c/package-lock.json': { link: 'package-lock.json' },
      'd/x': { link: '../e/y' },
      'e/y': { link: '../d/x' },
      'd/package-lock.json': { link: 'x/package-lock.json' },
      up: { link: '..' },
      root: { link: '/' },
      'good/package-lock.json': GOOD_LOCK,
    }),
    skipped: [],
    found: ['pkg:npm/left-pad@1.3.0'],
    layers: () => [
      {
        out: { link: '/etc' },
        'var/lib/dpkg': { link: '/proc/self/root/var/lib/dpkg' },
        'lib/apk/db/installed': 'P:zlib\nV:1.2.10-r0\nA:x86_64\n\n',
      },
      {
        'out/.wh.passwd': '',
        'out/.wh..wh..opq': '',
        '.wh...': '',
        'x/.wh...': '',
        '.wh.': '',
        'loop/a': { link: '../loop/a' },
      },
      {
        'loop/.wh.a': '',
        'loop/a': { link: '/loop/b' },
        'loop/b': { link: '/loop/a' },
        'var/lib/rpm': { link: '../../loop/a' },
      },
    ],
  },
];
