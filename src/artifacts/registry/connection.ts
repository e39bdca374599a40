/**
 * How a registry is reached: by which schemes, and with which certificates. These come from the options, the settings, or
 * the folders where Docker and the containers tools keep them: `certs.d/HOST[:PORT]/` with `*.crt` (authorities) and
 * `*.cert` with `*.key` (our own).
 */
import { join } from 'node:path';
import {
  AppError,
  checkCertificates,
  DOCKER_HUB,
  type Files,
  type Http,
  type HttpTls,
  type Settings,
  VERSION,
} from '../../core/index.ts';
import { isLoopbackRegistry } from './address.ts';

export interface ConnectionOptions {
  /** Any certificate is taken, and plain HTTP where no TLS is spoken. */
  readonly insecure?: boolean;
  /** Plain HTTP and nothing else. */
  readonly plainHttp?: boolean;
  /** PEM file of authorities trusted besides the system's. */
  readonly caFile?: string;
  /** PEM files of our own certificate and its key: both or none. */
  readonly certFile?: string;
  readonly keyFile?: string;
}

export interface ConnectionPorts {
  readonly files: Files;
  readonly home: string;
  readonly settings: Pick<Settings, 'insecureRegistries' | 'plainHttpRegistries' | 'caFile'>;
}

/** Firewalls before large registries refuse clients without a name. */
const USER_AGENT = `plimsoll/${VERSION}`;
const MAX_PEM_BYTES = 4 * 1024 * 1024;
/** Certificates in one folder: above any real one. */
const MAX_PEM_FILES = 100;

/** Addresses of the registry's root in the order to try them; the first that answers is kept. */
export function originsOf(
  ports: Pick<ConnectionPorts, 'settings'>,
  host: string,
  options: ConnectionOptions,
): readonly URL[] {
  const api = host === DOCKER_HUB ? 'registry-1.docker.io' : host;
  return schemesOf(ports.settings, host, options).map((scheme) => new URL(`${scheme}://${api}`));
}

function schemesOf(
  settings: ConnectionPorts['settings'],
  host: string,
  options: ConnectionOptions,
): readonly ('http' | 'https')[] {
  if (options.plainHttp === true || settings.plainHttpRegistries.includes(host)) return ['http'];
  if (isInsecure(settings, host, options)) return ['https', 'http'];
  if (options.caFile !== undefined || options.certFile !== undefined) return ['https'];
  // nobody else listens in on the loopback network
  return isLoopbackRegistry(host) ? ['http', 'https'] : ['https'];
}

function isInsecure(settings: ConnectionPorts['settings'], host: string, options: ConnectionOptions): boolean {
  return options.insecure === true || settings.insecureRegistries.includes(host);
}

/**
 * The port with the registry's certificates. Its authorities also count for the hosts that it sends us on to, as a token
 * service may share them; our own certificate is shown to the registry alone, and only there any certificate is taken.
 */
export function connect(
  ports: ConnectionPorts & { readonly http: Http },
  host: string,
  options: ConnectionOptions,
): Http {
  const [origin] = originsOf(ports, host, options);
  let loaded: Promise<HttpTls> | undefined;
  return async (asked) => {
    const request = { ...asked, headers: { ...asked.headers, 'user-agent': USER_AGENT } };
    const url = URL.parse(request.url);
    if (url?.protocol !== 'https:') return await ports.http(request);
    const tls = await (loaded ??= loadTls(ports, host, options));
    const isOurs = url.host === origin?.host;
    const shared = tls.ca === undefined ? {} : { ca: tls.ca };
    const chosen = isOurs ? tls : shared;
    return await ports.http(Object.keys(chosen).length === 0 ? request : { ...request, tls: chosen });
  };
}

async function loadTls(ports: ConnectionPorts, host: string, options: ConnectionOptions): Promise<HttpTls> {
  if ((options.certFile === undefined) !== (options.keyFile === undefined)) {
    throw new AppError('usage', 'expected a client certificate and its key, found one of them');
  }
  const stored = await findStored(ports, host);
  const caFiles = [...(stored?.ca ?? []), options.caFile ?? ports.settings.caFile ?? ''].filter((path) => path !== '');
  const own =
    options.certFile === undefined ? stored?.own : { certificate: options.certFile, key: options.keyFile ?? '' };
  const read = async (path: string) => new TextDecoder().decode(await ports.files.read(path, MAX_PEM_BYTES));
  const ca = await Promise.all(caFiles.map(async (path) => checkCertificates(await read(path), path)));
  return {
    ...(ca.length === 0 ? {} : { ca: ca.join('\n') }),
    ...(own === undefined ? {} : { certificate: await read(own.certificate), key: await read(own.key) }),
    ...(isInsecure(ports.settings, host, options) ? { skipVerify: true } : {}),
  };
}

interface StoredCertificates {
  readonly ca: readonly string[];
  readonly own: { readonly certificate: string; readonly key: string } | undefined;
}

/** In the first of the known folders that has any. */
async function findStored(ports: ConnectionPorts, host: string): Promise<StoredCertificates | undefined> {
  const config = join(ports.home, '.config');
  const roots = [join(config, 'containers'), join(config, 'docker'), '/etc/containers', '/etc/docker'];
  for (const root of roots) {
    const folder = join(root, 'certs.d', host);
    const names = await ports.files.list(folder);
    if (names.length === 0) continue;
    if (names.length > MAX_PEM_FILES) {
      throw new AppError('invalid-input', `${folder}: expected at most ${MAX_PEM_FILES} files, found ${names.length}`);
    }
    const ca = names.filter((name) => name.endsWith('.crt')).map((name) => join(folder, name));
    const certificate = names.find((name) => name.endsWith('.cert'));
    if (certificate === undefined) return { ca, own: undefined };
    const key = certificate.replace(/\.cert$/, '.key');
    if (names.includes(key)) return { ca, own: { certificate: join(folder, certificate), key: join(folder, key) } };
    throw new AppError('invalid-input', `${folder}: expected ${key} beside ${certificate}, found no such file`);
  }
  return undefined;
}
