/** Environment variables that are read besides the settings: what other tools and CI systems set. */

export interface VariableSpec {
  readonly name: string;
  readonly description: string;
  /** Its value is never shown unless asked for. */
  readonly isSecret?: boolean;
}

export const VARIABLES: readonly VariableSpec[] = [
  {
    name: 'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
    description: 'secret for the token service of GitHub Actions',
    isSecret: true,
  },
  { name: 'ACTIONS_ID_TOKEN_REQUEST_URL', description: 'token service of GitHub Actions' },
  { name: 'BUILDKITE_AGENT_ACCESS_TOKEN', description: 'set where an agent of Buildkite gives tokens', isSecret: true },
  { name: 'CONTAINERD_NAMESPACE', description: 'namespace in which containerd:NAME is looked for' },
  { name: 'COSIGN_PASSWORD', description: 'password of private key files', isSecret: true },
  { name: 'COSIGN_PKCS11_MODULE_PATH', description: 'PKCS#11 module of keys like pkcs11:token=NAME;object=LABEL' },
  { name: 'COSIGN_PKCS11_PIN', description: 'PIN of the token that keeps such keys', isSecret: true },
  {
    name: 'COSIGN_REPOSITORY',
    description: 'repository that keeps signatures and whatever else refers to images; that of each image when unset',
  },
  { name: 'DOCKER_CONFIG', description: 'folder of Docker’s config.json with registry credentials' },
  { name: 'HTTPS_PROXY', description: 'proxy for https; HTTP_PROXY for http, NO_PROXY for hosts without' },
  { name: 'KUBERNETES_SERVICE_HOST', description: 'address of the API server, as every pod has it' },
  { name: 'KUBERNETES_SERVICE_PORT', description: 'its port, likewise' },
  { name: 'NO_COLOR', description: 'no colours when set' },
  { name: 'REGISTRY_AUTH_FILE', description: 'file of registry credentials, as podman and skopeo have it' },
  {
    name: 'SIGSTORE_CT_LOG_PUBLIC_KEY_FILE',
    description: 'PEM key of the certificate-transparency log, in place of those that a Sigstore names',
  },
  { name: 'SIGSTORE_ID_TOKEN', description: 'OpenID token that says who signs without a key', isSecret: true },
  { name: 'SIGSTORE_REKOR_PUBLIC_KEY', description: 'PEM key of the log, likewise' },
  { name: 'SIGSTORE_ROOT_FILE', description: 'PEM certificates of the certificate authority up to its root, likewise' },
  {
    name: 'SIGSTORE_TSA_CERTIFICATE_FILE',
    description: 'PEM certificates of the timestamp authority, from the one that stamps to the root, likewise',
  },
  { name: 'SOURCE_DATE_EPOCH', description: 'seconds since 1970 to write as time of creation' },
  {
    name: 'TRANSIT_SECRET_ENGINE_PATH',
    description: 'where the transit engine of Vault is mounted; transit when absent',
  },
  { name: 'TUF_MIRROR', description: 'TUF repository that `initialize` begins with' },
  { name: 'TUF_ROOT_JSON', description: 'root metadata that it trusts' },
  { name: 'VAULT_ADDR', description: 'address of the Vault that keeps keys like hashivault://NAME' },
  { name: 'VAULT_CACERT', description: 'PEM file of its authority' },
  { name: 'VAULT_NAMESPACE', description: 'namespace in it' },
  { name: 'VAULT_TOKEN', description: 'token for it; ~/.vault-token when absent', isSecret: true },
  {
    name: 'SPIFFE_ENDPOINT_SOCKET',
    description: 'Workload API of SPIFFE that says who this workload is: unix:///PATH, tcp://HOST:PORT or /PATH',
  },
  { name: 'XDG_CACHE_HOME', description: 'folder of caches' },
  { name: 'XDG_DATA_HOME', description: 'folder of what is kept' },
  { name: 'XDG_RUNTIME_DIR', description: 'folder in which podman keeps registry credentials' },
];
