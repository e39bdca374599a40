/**
 * Real software to list the components of, each kind fetched the way its users do: packages of Debian, of the package registries of Node,
 * Python and Java, crates built by cargo. Each function fills a folder and throws where the machine lacks what it takes.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { aptOptions } from './peers.ts';
import { root } from './run.ts';

/** Of a suite that gets corrections only. */
const DEBIAN_SUITE = 'trixie';
export const SMALL_DEBIAN = [
  'base-files',
  'bash',
  'coreutils',
  'dpkg',
  'perl-base',
  'python3-minimal',
  'openssl',
  'curl',
];
export const LARGE_DEBIAN = [...SMALL_DEBIAN, 'apt', 'git', 'perl', 'python3', 'openjdk-21-jre-headless'];

/** A root file system with these packages and what they need, unpacked and listed as installed, with no script run. */
export function makeDebianRoot(folder: string, packages: readonly string[]): void {
  const archives = mkdtempSync(join(tmpdir(), 'plimsoll-debian-'));
  const options = aptOptions(DEBIAN_SUITE);
  if (options === undefined) throw new Error('no Debian package sources on this machine');
  try {
    mkdirSync(join(archives, 'partial'));
    run('apt-get', [...options, 'update']);
    const wanted = ['--yes', '--no-install-recommends', '--download-only', 'install', ...packages];
    run('apt-get', [...options, '-o', `Dir::Cache::archives=${archives}`, ...wanted]);
    const names = readdirSync(archives).filter((name) => name.endsWith('.deb'));
    const paragraphs = names.sort().map((name) => unpackPackage(join(archives, name), folder));
    writeFileSync(join(folder, 'var/lib/dpkg/status'), paragraphs.join('\n'));
  } finally {
    rmSync(archives, { recursive: true });
  }
}

/** Gives its paragraph of dpkg's status file. */
function unpackPackage(archive: string, folder: string): string {
  const lists = join(folder, 'var/lib/dpkg/info');
  const members = `${archive}.control`;
  mkdirSync(lists, { recursive: true });
  run('dpkg-deb', ['-x', archive, folder]);
  run('dpkg-deb', ['-e', archive, members]);
  const control = run('dpkg-deb', ['-f', archive]);
  const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(control)?.[1] ?? '';
  const name = field('Package') + (field('Multi-Arch') === 'same' ? `:${field('Architecture')}` : '');
  const files = run('sh', ['-c', 'dpkg-deb --fsys-tarfile "$1" | tar t', 'sh', archive]);
  for (const member of readdirSync(members).filter((one) => one !== 'control'))
    cpSync(join(members, member), join(lists, `${name}.${member}`));
  writeFileSync(join(lists, `${name}.list`), files.replace(/^\.(.*?)\/?$/gm, '$1'));
  return control.replace('\n', '\nStatus: install ok installed\n');
}

/** This project as it is installed for development. */
export function makeNodeProject(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const name of ['package.json', 'package-lock.json', 'node_modules'])
    cpSync(join(root, name), join(folder, name), { recursive: true, verbatimSymlinks: true });
}

/** A program, perhaps of Go, alone in a folder. */
export function makeProgram(path: string, program: string): void {
  mkdirSync(dirname(path), { recursive: true });
  cpSync(program, path, { dereference: true });
}

const PYTHON_PACKAGES = ['requests==2.32.3', 'flask==3.1.0', 'cryptography==44.0.0', 'numpy==2.2.1', 'PyYAML==6.0.2'];

/** An environment of its own. */
export function makePythonEnvironment(folder: string): void {
  run('python3', ['-m', 'venv', folder]);
  run(join(folder, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', ...PYTHON_PACKAGES]);
}

const JAVA_PACKAGES = [
  'org.springframework.boot:spring-boot-starter-web:3.3.5',
  'com.google.guava:guava:33.3.1-jre',
  'org.apache.commons:commons-compress:1.26.0',
  'org.bouncycastle:bcprov-jdk18on:1.78',
];

/** Archives of these and of all that they need, in one folder. */
export function makeJars(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const wanted = JAVA_PACKAGES.map((text) => {
    const [group, artifact, version] = text.split(':');
    return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
  });
  const pom = join(mkdtempSync(join(tmpdir(), 'plimsoll-maven-')), 'pom.xml');
  writeFileSync(
    pom,
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>test</groupId><artifactId>test</artifactId><version>1</version><dependencies>${wanted.join('')}</dependencies></project>`,
  );
  run('mvn', ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${folder}`]);
  rmSync(dirname(pom), { recursive: true });
}

/** As they are delivered: a Spring Boot application, and a servlet's archive, each with the same archives inside. */
export function makeFatArchives(folder: string): void {
  const work = mkdtempSync(join(tmpdir(), 'plimsoll-archives-'));
  mkdirSync(folder, { recursive: true });
  makeJars(join(work, 'jars'));
  for (const [name, place, facts] of [
    [
      'harbour-1.2.0.jar',
      'BOOT-INF',
      'Main-Class: org.springframework.boot.loader.launch.JarLauncher\nStart-Class: test.Harbour\n',
    ],
    ['pier-2.0.0.war', 'WEB-INF', 'Implementation-Title: pier\nImplementation-Version: 2.0.0\n'],
  ] as const) {
    const content = join(work, name);
    cpSync(join(work, 'jars'), join(content, place, 'lib'), { recursive: true });
    const [, artifact, version] = /^(\w+)-(.*)\.\w+$/.exec(name) ?? [];
    const own = join(content, `META-INF/maven/com.example/${artifact}`);
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, 'pom.properties'), `groupId=com.example\nartifactId=${artifact}\nversion=${version}\n`);
    writeFileSync(join(work, 'facts'), facts);
    // stored, as Spring Boot demands it of archives in an archive
    run('jar', [
      '--create',
      '--no-compress',
      '--file',
      join(folder, name),
      '--manifest',
      join(work, 'facts'),
      '-C',
      content,
      '.',
    ]);
  }
  rmSync(work, { recursive: true });
}

/** A crate with a lock file, and its program as cargo-auditable builds it. */
export function makeCrate(folder: string, auditable: string): void {
  mkdirSync(join(folder, 'src'), { recursive: true });
  writeFileSync(
    join(folder, 'Cargo.toml'),
    '[package]\nname = "harbour"\nversion = "0.1.0"\nedition = "2021"\n\n[dependencies]\nregex = "=1.11.1"\nserde_json = "=1.0.133"\n\n[profile.release]\nopt-level = 0\n',
  );
  writeFileSync(
    join(folder, 'src/main.rs'),
    'fn main() {\n    println!("{} {}", regex::Regex::new("a").is_ok(), serde_json::json!({}));\n}\n',
  );
  run(auditable, ['auditable', 'build', '--quiet', '--release'], folder);
  makeProgram(join(folder, 'bin/harbour'), join(folder, 'target/release/harbour'));
  rmSync(join(folder, 'target'), { recursive: true });
}

/** All that is in a folder, as a layer, owned by root. */
export function packLayer(folder: string, tar: string): void {
  run('tar', ['--numeric-owner', '--owner=0', '--group=0', '-C', folder, '-cf', tar, '.']);
}

function run(program: string, args: readonly string[], cwd?: string): string {
  const options = { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024, ...(cwd === undefined ? {} : { cwd }) } as const;
  const { status, error, stdout, stderr } = spawnSync(program, args, options);
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr.trim().slice(-500)}`);
  return stdout;
}
