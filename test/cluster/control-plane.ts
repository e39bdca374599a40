/**
 * A Kubernetes control plane of one machine on loopback: etcd and kube-apiserver as released, tokens of a file, RBAC. There is no kubelet
 * and no controller manager: objects are stored and admitted, and nothing runs.
 */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomBytes, randomInt } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { peer, type Bench, type Ran } from '../interop/support.ts';

export const CLUSTER_PEERS = ['PEER_ETCD', 'PEER_KUBE_APISERVER', 'PEER_KUBECTL'] as const;

export interface ControlPlane {
  readonly url: string;
  /** Of the administrator. */
  readonly token: string;
  /** PEM file of what the API server's certificate is trusted by. */
  readonly caFile: string;
  /** File with which kubectl is the administrator. */
  readonly kubeconfig: string;
  /** As the administrator; ends well or fails the test. */
  kubectl(words: string, document?: unknown): Promise<Ran>;
  /** As the administrator; gives any exit code. */
  tryKubectl(words: string, document?: unknown): Promise<Ran>;
  /** Starts etcd and the API server where they do not run, over what they had stored, and waits until the API answers. */
  start(): Promise<void>;
  /** Ends only the API server. */
  stopServer(): Promise<void>;
  stop(): Promise<void>;
}

const READY_MS = 60_000;

export async function createControlPlane(bench: Bench): Promise<ControlPlane> {
  const folder = join(bench.folder, 'control-plane');
  await mkdir(folder);
  const token = randomBytes(16).toString('hex');
  await writeFile(join(folder, 'tokens.csv'), `${token},admin,admin,"system:masters"\n`);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  await writeFile(join(folder, 'accounts.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const [port, client, peers] = [0, 1, 2].map(() => randomInt(15_000, 30_000));
  const url = `https://127.0.0.1:${port}`;
  const caFile = join(folder, 'certificates/apiserver.crt');
  const kubeconfig = join(folder, 'kubeconfig');
  const daemons: Partial<Record<'etcd' | 'server', ChildProcess>> = {};

  const launch = (name: 'etcd' | 'server', [program = '', ...args]: readonly string[]): void => {
    if (isRunning(daemons[name])) return;
    const log = createWriteStream(join(folder, `${name}.log`), { flags: 'a' });
    daemons[name] = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    daemons[name].stderr?.pipe(log);
  };
  const end = async (name: 'etcd' | 'server'): Promise<void> => {
    const daemon = daemons[name];
    if (!isRunning(daemon)) return;
    const ended = new Promise((resolve) => daemon.once('close', resolve));
    daemon.kill();
    const timer = setTimeout(() => daemon.kill('SIGKILL'), 3000);
    await ended;
    clearTimeout(timer);
  };
  const tryKubectl = async (words: string, document?: unknown): Promise<Ran> =>
    await bench.attempt(peer('PEER_KUBECTL')(...words.split(' ')), {
      env: { KUBECONFIG: kubeconfig },
      ...(document === undefined ? {} : { input: textOf(document) }),
    });

  const plane: ControlPlane = {
    url,
    token,
    caFile,
    kubeconfig,
    tryKubectl,
    kubectl: async (words, document) => {
      const ran = await tryKubectl(words, document);
      assert.equal(ran.code, 0, `kubectl ${words}: exit code ${ran.code}\n${ran.stdout}${ran.stderr}`);
      return ran;
    },
    start: async () => {
      launch('etcd', etcdCommand(join(folder, 'etcd'), { client, peers }));
      launch('server', serverCommand(folder, { port, client }));
      await writeKubeconfig(kubeconfig, { url, caFile, token });
      const until = Date.now() + READY_MS;
      for (;;) {
        // what RBAC and namespaces need is made after the first answer
        const { stdout } = await tryKubectl('get --raw /readyz');
        if (stdout === 'ok') return;
        const log = (name: string) => readFile(join(folder, `${name}.log`), 'utf8').catch(() => '');
        if (Date.now() > until || !isRunning(daemons.server))
          throw new Error(
            `the control plane is not ready\n${(await log('etcd')).slice(-2000)}\n${(await log('server')).slice(-4000)}`,
          );
        await sleep(200);
      }
    },
    stopServer: () => end('server'),
    stop: async () => {
      await end('server');
      await end('etcd');
    },
  };
  await plane.start();
  return plane;
}

function isRunning(daemon: ChildProcess | undefined): daemon is ChildProcess {
  return daemon !== undefined && daemon.exitCode === null && daemon.signalCode === null;
}

function etcdCommand(
  folder: string,
  { client, peers }: { readonly client: number | undefined; readonly peers: number | undefined },
): readonly string[] {
  const [clientUrl, peerUrl] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peers}`];
  const urls = ['--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl, '--listen-peer-urls', peerUrl];
  // a test's data need not outlive the machine
  return peer('PEER_ETCD')('--data-dir', folder, ...urls, '--unsafe-no-fsync', '--log-level', 'warn');
}

function serverCommand(
  folder: string,
  { port, client }: { readonly port: number | undefined; readonly client: number | undefined },
): readonly string[] {
  const flags: Readonly<Record<string, string>> = {
    'etcd-servers': `http://127.0.0.1:${client}`,
    'secure-port': String(port),
    'bind-address': '127.0.0.1',
    'advertise-address': '127.0.0.1',
    'endpoint-reconciler-type': 'none',
    'cert-dir': join(folder, 'certificates'),
    'service-account-key-file': join(folder, 'accounts.key'),
    'service-account-signing-key-file': join(folder, 'accounts.key'),
    'service-account-issuer': 'https://kubernetes.default.svc',
    'service-cluster-ip-range': '10.0.0.0/24',
    'token-auth-file': join(folder, 'tokens.csv'),
    'authorization-mode': 'RBAC',
    // pods are made by hand: nothing makes a service account for each namespace
    'disable-admission-plugins': 'ServiceAccount',
  };
  return peer('PEER_KUBE_APISERVER')(...Object.entries(flags).map(([name, value]) => `--${name}=${value}`));
}

/** A file with which kubectl, and this program, speak to the API server. */
export async function writeKubeconfig(
  path: string,
  {
    url,
    caFile,
    token,
    namespace = 'default',
  }: { readonly url: string; readonly caFile: string; readonly token: string; readonly namespace?: string },
): Promise<void> {
  const document = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: url, 'certificate-authority': caFile } }],
    users: [{ name: 'user', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'user', namespace } }],
    'current-context': 'test',
  };
  await writeFile(path, JSON.stringify(document));
}

/** Several documents stand in one List. */
function textOf(document: unknown): string {
  if (typeof document === 'string') return document;
  return JSON.stringify(Array.isArray(document) ? { apiVersion: 'v1', kind: 'List', items: document } : document);
}
