/**
 * Released peers for side-by-side tests, in a cache outside the tree: from Debian's packages, unpacked and not installed, else built
 * from their Go modules; libraries from Node's package registry, programs from Python's. Prints nothing but progress; what cannot be had is named with the reason.
 */
import { spawnSync } from 'node:child_process';
import {
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
import { homedir } from 'node:os';
import { join } from 'node:path';

interface Peer {
  readonly name: string;
  /** Environment variable by which the interop tests find it. */
  readonly variable: string;
  readonly debian?: {
    readonly suite: string;
    readonly package: string;
    readonly binary: string;
    /** Packages of shared libraries that a machine may lack. */
    readonly libraries?: readonly string[];
  };
  /** Program of a Go module, as `go install` wants it. */
  readonly go?: string;
  /** Program of Kubernetes, whose module names its parts by folders beside it; their releases of the same number take their place. */
  readonly kubernetes?: { readonly package: string; readonly version: string };
  /** Program of a module that replaces others, which `go install` refuses; `replaced` as `go mod edit` takes them. */
  readonly goReplaced?: { readonly package: string; readonly module: string; readonly replaced: readonly string[] };
  /** Package of a Go module whose tests are the program. */
  readonly goTest?: { readonly package: string; readonly version: string };
  /** Program of ours, of one file, around libraries of Go. */
  readonly goMain?: { readonly source: string; readonly modules: readonly string[] };
  /** Library on the package registry of Node: what is found is its folder. */
  readonly npm?: { readonly package: string; readonly version: string };
  /** Program of a package on the package index of Python. */
  readonly python?: { readonly package: string; readonly version: string; readonly program: string };
  /** Words with which it ends well; `version` or `--version` when absent. */
  readonly probe?: readonly string[];
  /** Which tests want it; `interop` when absent. */
  readonly suites?: readonly Suite[];
}

/** `interop`: programs side by side with ours; `cluster`: a Kubernetes control plane; `bench`: what is measured beside us and not asked else. */
type Suite = 'interop' | 'cluster' | 'bench';

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'plimsoll-peers');
/** A token in files, for programs that need one. */
const SOFTHSM_MODULE = join(cache, 'unpacked/softhsm2-util/root/usr/lib/softhsm/libsofthsm2.so');

/** What its module replaces. */
const POLICY_CONTROLLER = {
  module: 'github.com/sigstore/policy-controller@v0.15.1',
  replaced: [
    'github.com/golang/glog=github.com/jdolitsky/glog@v0.0.0-20220729172235-78744e90d087',
    'k8s.io/code-generator=k8s.io/code-generator@v0.29.4',
    ...['k8schain', 'kubernetes'].map((part) => {
      const name = `github.com/google/go-containerregistry/pkg/authn/${part}`;
      return `${name}=${name}@v0.0.0-20230919002926-dbcd01c402b2`;
    }),
  ],
};

const PEERS: readonly Peer[] = [
  {
    name: 'cosign3',
    variable: 'PEER_COSIGN3',
    debian: { suite: 'sid', package: 'cosign', binary: 'usr/bin/cosign' },
    go: 'github.com/sigstore/cosign/v3/cmd/cosign@v3.0.6',
  },
  {
    name: 'cosign2',
    variable: 'PEER_COSIGN2',
    debian: { suite: 'trixie', package: 'cosign', binary: 'usr/bin/cosign' },
    go: 'github.com/sigstore/cosign/v2/cmd/cosign@v2.6.1',
  },
  {
    name: 'crane',
    variable: 'PEER_CRANE',
    debian: { suite: 'sid', package: 'crane', binary: 'usr/bin/crane' },
    go: 'github.com/google/go-containerregistry/cmd/crane@v0.20.6',
  },
  {
    name: 'oras',
    variable: 'PEER_ORAS',
    debian: { suite: 'sid', package: 'oras', binary: 'usr/bin/oras' },
    go: 'oras.land/oras/cmd/oras@v1.3.0',
  },
  {
    name: 'skopeo',
    variable: 'PEER_SKOPEO',
    debian: {
      suite: 'bookworm',
      package: 'skopeo',
      binary: 'usr/bin/skopeo',
      libraries: ['libgpgme11', 'libassuan0', 'libdevmapper1.02.1'],
    },
  },
  {
    name: 'docker-registry',
    variable: 'PEER_DOCKER_REGISTRY',
    debian: { suite: 'sid', package: 'docker-registry', binary: 'usr/bin/docker-registry' },
  },
  {
    name: 'distribution3',
    variable: 'PEER_DISTRIBUTION3',
    go: 'github.com/distribution/distribution/v3/cmd/registry@v3.1.1',
  },
  {
    name: 'kubectl',
    variable: 'PEER_KUBECTL',
    debian: { suite: 'sid', package: 'kubectl', binary: 'usr/bin/kubectl' },
    probe: ['version', '--client'],
    suites: ['interop', 'cluster'],
  },
  {
    name: 'etcd',
    variable: 'PEER_ETCD',
    debian: { suite: 'sid', package: 'etcd-server', binary: 'usr/bin/etcd' },
    suites: ['cluster'],
  },
  {
    // Minutes of building, once.
    name: 'policy-tester',
    variable: 'PEER_POLICY_TESTER',
    goReplaced: {
      package: 'github.com/sigstore/policy-controller/cmd/tester',
      ...POLICY_CONTROLLER,
    },
    probe: ['-version'],
  },
  {
    // Minutes of building, once.
    name: 'policy-controller',
    variable: 'PEER_POLICY_CONTROLLER',
    goReplaced: {
      package: 'github.com/sigstore/policy-controller/cmd/webhook',
      ...POLICY_CONTROLLER,
    },
    probe: ['-h'],
    suites: ['bench'],
  },
  {
    // Minutes of building, once.
    name: 'kube-apiserver',
    variable: 'PEER_KUBE_APISERVER',
    kubernetes: { package: 'k8s.io/kubernetes/cmd/kube-apiserver', version: 'v1.36.3' },
    suites: ['cluster'],
  },
  {
    name: 'helm',
    variable: 'PEER_HELM',
    go: 'helm.sh/helm/v3/cmd/helm@v3.19.0',
    suites: ['cluster'],
  },
  {
    name: 'softhsm2-util',
    variable: 'PEER_SOFTHSM',
    debian: {
      suite: 'bookworm',
      package: 'softhsm2',
      binary: 'usr/bin/softhsm2-util',
      libraries: ['libsofthsm2'],
    },
    probe: ['--version'],
  },
  {
    name: 'pkcs11-tool',
    variable: 'PEER_PKCS11_TOOL',
    debian: {
      suite: 'bookworm',
      package: 'opensc',
      binary: 'usr/bin/pkcs11-tool',
      libraries: ['opensc-pkcs11', 'libeac3', 'libglib2.0-0'],
    },
    probe: ['--module', SOFTHSM_MODULE, '--show-info'],
  },
  {
    // The suite of the OCI distribution specification, in a version that the public proxy and checksum database of Go modules hold.
    name: 'distribution-conformance',
    variable: 'PEER_DISTRIBUTION_CONFORMANCE',
    goTest: {
      package: 'github.com/opencontainers/distribution-spec/conformance',
      version: 'v0.0.0-20230516164017-7fcdf80f3c8b',
    },
    probe: ['-test.list', '.'],
  },
  {
    name: 'sigstore-js',
    variable: 'PEER_SIGSTORE_JS',
    npm: { package: '@sigstore/verify', version: '4.1.3' },
  },
  {
    name: 'sigstore-python',
    variable: 'PEER_SIGSTORE_PYTHON',
    python: { package: 'sigstore', version: '4.5.1', program: 'sigstore' },
  },
  {
    name: 'fulcio',
    variable: 'PEER_FULCIO',
    go: 'github.com/sigstore/fulcio@v1.8.8',
  },
  {
    name: 'timestamp-server',
    variable: 'PEER_TIMESTAMP_SERVER',
    go: 'github.com/sigstore/timestamp-authority/v2/cmd/timestamp-server@v2.1.0',
  },
  {
    name: 'sigstore-go',
    variable: 'PEER_SIGSTORE_GO',
    debian: { suite: 'sid', package: 'sigstore-go', binary: 'usr/bin/sigstore-go-verification' },
    probe: ['-h'],
  },
  {
    name: 'rekor-cli',
    variable: 'PEER_REKOR_CLI',
    debian: { suite: 'sid', package: 'rekor', binary: 'usr/bin/rekor-cli' },
  },
  {
    name: 'rekor-tiles',
    variable: 'PEER_REKOR_TILES',
    go: 'github.com/sigstore/rekor-tiles/v2/cmd/rekor-server/posix@v2.3.0',
  },
  {
    name: 'workload-api',
    variable: 'PEER_WORKLOAD_API',
    goMain: {
      source: 'test/interop/workload-api.go',
      modules: [
        'github.com/spiffe/go-spiffe/v2@v2.6.0',
        'google.golang.org/grpc@v1.81.1',
        'github.com/go-jose/go-jose/v4@v4.1.4',
      ],
    },
    probe: ['--help'],
  },
  {
    name: 'cue-judge',
    variable: 'PEER_CUE_JUDGE',
    goMain: { source: 'test/interop/cue-judge.go', modules: ['cuelang.org/go@v0.16.1'] },
    probe: ['--help'],
  },
  {
    name: 'cel-judge',
    variable: 'PEER_CEL_JUDGE',
    goMain: {
      source: 'test/interop/cel-judge.go',
      modules: ['k8s.io/apiserver@v0.36.3', 'k8s.io/apimachinery@v0.36.3'],
    },
    probe: ['--help'],
  },
  {
    name: 'litewitness',
    variable: 'PEER_LITEWITNESS',
    debian: { suite: 'sid', package: 'torchwood', binary: 'usr/bin/litewitness' },
    probe: ['-h'],
  },
  {
    name: 'witnessctl',
    variable: 'PEER_WITNESSCTL',
    debian: { suite: 'sid', package: 'torchwood', binary: 'usr/bin/witnessctl' },
    probe: ['list-logs', '-db', 'probe.db'],
  },
  {
    name: 'opa',
    variable: 'PEER_OPA',
    go: 'github.com/open-policy-agent/opa@v1.14.1',
    probe: ['version'],
  },
  {
    name: 'tessera-fsck',
    variable: 'PEER_TESSERA_FSCK',
    go: 'github.com/transparency-dev/tessera/cmd/fsck@v1.0.4',
    probe: ['--help'],
  },
];

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
    const path = join(bin, peer.name);
    const reasons = existsSync(path) ? [] : install(peer, path);
    if (existsSync(path) && starts(path, peer)) variables[peer.variable] = path;
    else missing.push({ name: peer.name, reason: reasons.join('; ') || 'it does not start' });
  }
  return { variables, missing };
}

/** Gives the reasons of what did not work; each way gives its own, undefined where it is not meant for this peer. */
function install(peer: Peer, path: string): string[] {
  const reasons: string[] = [];
  process.stderr.write(`installing ${peer.name} ...\n`);
  for (const way of [fromDebian, fromGo, fromKubernetes, fromGoReplaced, fromGoTest, fromGoMain, fromNpm, fromPython]) {
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
function aptOptions(suite: string): string[] | undefined {
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

function fromGoReplaced(peer: Peer, path: string): string | undefined {
  if (peer.goReplaced === undefined) return undefined;
  const { package: name, module, replaced } = peer.goReplaced;
  return inFreshModule([
    ['mod', 'edit', `-require=${module}`, ...replaced.map((one) => `-replace=${one}`)],
    ['build', '-mod=mod', '-ldflags', '-s -w', '-o', path, name],
  ]);
}

function fromGoMain(peer: Peer, path: string): string | undefined {
  if (peer.goMain === undefined) return undefined;
  const source = readFileSync(join(import.meta.dirname, '..', peer.goMain.source), 'utf8');
  return inFreshModule(
    [
      ['get', ...peer.goMain.modules],
      ['build', '-o', path, '.'],
    ],
    source,
  );
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

function fromNpm(peer: Peer, path: string): string | undefined {
  if (peer.npm === undefined) return undefined;
  const wanted = `${peer.npm.package}@${peer.npm.version}`;
  const folder = join(cache, 'unpacked', peer.name);
  mkdirSync(folder, { recursive: true });
  const args = ['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', '--loglevel=error', wanted];
  const { status, error, stderr } = spawnSync('npm', args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) return `npm install ${wanted}: ${error?.message ?? lastLine(stderr)}`;
  symlinkSync(join(folder, 'node_modules', peer.npm.package), path);
  return undefined;
}

/** In an environment of its own, so that nothing of the machine's Python changes. */
function fromPython(peer: Peer, path: string): string | undefined {
  if (peer.python === undefined) return undefined;
  const { package: name, version, program } = peer.python;
  const folder = join(cache, 'unpacked', peer.name);
  for (const [command, ...args] of [
    ['python3', '-m', 'venv', folder],
    [join(folder, 'bin/pip'), 'install', '--quiet', `${name}==${version}`],
  ] as const) {
    const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8' });
    if (status !== 0) return `${args.join(' ')}: ${error?.message ?? lastLine(stderr)}`;
  }
  symlinkSync(join(folder, 'bin', program), path);
  return undefined;
}

function starts(path: string, { npm, probe }: Peer): boolean {
  if (npm !== undefined) return existsSync(join(path, 'package.json'));
  const probes = probe === undefined ? [['version'], ['--version']] : [probe];
  // the conformance suite wants an address even to list its tests
  const options = { cwd: cache, env: { ...process.env, OCI_ROOT_URL: 'http://127.0.0.1' } };
  return probes.some((words) => spawnSync(path, words, options).status === 0);
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
