/**
 * The serving certificate of all replicas, in one Secret: made by whoever comes first, renewed before its end, picked up by all as it
 * changes. Its authority is written into the webhook configurations. A Secret that somebody else fills is used as it is and never written.
 *
 * An authority is replaced in two steps, so that no replica ever serves what the API server does not believe yet: the new one is believed
 * beside the old one first, and signs the next certificate later.
 */
import { X509Certificate } from 'node:crypto';
import { AppError, isRecord, toAppError } from '../core/index.ts';
import type { Ports } from '../core/index.ts';
import { metadataOf, statusOf } from '../cluster/index.ts';
import type { HeldCollections, KubeClient, KubeObject } from '../cluster/index.ts';
import { createServingAuthority, issueServingCertificate } from '../trust/crypto/index.ts';
import type { ServingCertificate } from '../trust/crypto/index.ts';
import { isPair } from './serving-tls.ts';
import { writeAuthority } from './webhook-authority.ts';

export interface ClusterTlsOptions {
  /** Name of the Secret in our namespace; it must be there, and may be empty. */
  readonly secret: string;
  /** Names that the certificate is good for. */
  readonly hosts: readonly string[];
  readonly onRenew: (tls: ServingCertificate) => void;
  /** Of our namespace, followed by somebody. */
  readonly secrets: Pick<HeldCollections<'secrets'>, 'list' | 'subscribe'>;
}

export interface ClusterTls {
  /** Undefined when there is a certificate that the API server believes. */
  readonly fault: string | undefined;
  close(): Promise<void>;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const LIFE_DAYS = 90;
const RENEW_MS = 30 * DAY_MS;
const AUTHORITY_DAYS = 3650;
/** An authority must outlive the certificates that it signs. */
const RENEW_AUTHORITY_MS = 2 * LIFE_DAYS * DAY_MS;
/** Authorities that are believed: the newest, and those whose certificates may still be served. */
const MAX_AUTHORITIES = 3;
/** Milliseconds between looks at dates and at the webhook configurations. */
const LOOK_MS = 30_000;
/** Milliseconds after which a conflict or a failed request is tried again. */
const RETRY_MS = 1000;
/** What we made carries it; a Secret of somebody else does not. */
const OURS = 'plimsoll.dev/self-managed';

/** The Secrets are those of our namespace. */
export function openClusterTls(ports: Ports, client: KubeClient, options: ClusterTlsOptions): ClusterTls {
  return new SecretTls(ports, client, options);
}

interface Material {
  readonly 'ca.crt': string;
  readonly 'ca.key': string;
  readonly 'tls.crt': string;
  readonly 'tls.key': string;
}

class SecretTls implements ClusterTls {
  fault: string | undefined = 'the serving certificate has not been read from the API server yet';
  readonly #ports: Ports;
  readonly #client: KubeClient;
  readonly #options: ClusterTlsOptions;
  readonly #unsubscribe: () => void;
  readonly #path: string;
  readonly #end = new AbortController();
  #looking: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #served = '';

  constructor(ports: Ports, client: KubeClient, options: ClusterTlsOptions) {
    this.#ports = ports;
    this.#client = client;
    this.#options = options;
    this.#path = `/api/v1/namespaces/${client.namespace}/secrets`;
    this.#unsubscribe = options.secrets.subscribe((name) => void (name === 'secrets' && this.#lookNow()));
    this.#lookNow();
  }

  async close(): Promise<void> {
    this.#end.abort();
    clearTimeout(this.#timer);
    this.#unsubscribe();
    await this.#looking;
    clearTimeout(this.#timer);
  }

  /** One look after the other: on each change, and from time to time. */
  #lookNow(): void {
    this.#looking = this.#looking.then(async () => {
      clearTimeout(this.#timer);
      const wait = await this.#look().catch((error: unknown) => this.#report(error));
      if (!this.#end.signal.aborted) this.#timer = setTimeout(() => this.#lookNow(), wait).unref();
    });
  }

  #report(error: unknown): number {
    if (this.#end.signal.aborted || statusOf(error) === 409) return RETRY_MS; // another replica was first
    const { kind, message } = toAppError(error);
    this.#ports.log.warn('serving-certificate', { kind, message });
    if (this.#served === '') this.fault = `serving certificate: ${message}`;
    return RETRY_MS;
  }

  /** Gives the milliseconds until the next look. */
  async #look(): Promise<number> {
    const { secret: name, secrets } = this.#options;
    const listed = secrets.list('secrets');
    if (listed === undefined) return LOOK_MS;
    const secret = listed.find((object) => metadataOf(object).name === name);
    if (secret === undefined)
      throw new AppError('not-found', `secret ${this.#client.namespace}/${name}: expected it, found none`);
    const found = materialOf(secret);
    if (!isOurs(secret) && found['tls.crt'] !== '') {
      if (found['ca.crt'] !== '') await this.#believe(found['ca.crt']);
      this.#serve(found);
      return LOOK_MS;
    }
    // what is there is good until something better is there
    if (isUsable(found)) {
      await this.#believe(found['ca.crt']);
      this.#serve(found);
    }
    const next = await this.#improve(found);
    if (next === undefined) return LOOK_MS;
    await this.#client.replace(`${this.#path}/${name}`, withMaterial(secret, next), this.#end.signal);
    this.#ports.log.info('serving-certificate-written', { secret: name });
    return LOOK_MS;
  }

  /** What is to stand in the Secret, or undefined when it is good as it is. */
  async #improve(found: Material): Promise<Material | undefined> {
    const at = this.#ports.clock();
    const isAuthorityGood =
      isPair({ certificate: found['ca.crt'], key: found['ca.key'] }) && lives(found['ca.crt'], at) > RENEW_AUTHORITY_MS;
    if (!isAuthorityGood) {
      const made = await createServingAuthority({ at, days: AUTHORITY_DAYS, serial: this.#ports.random(16) });
      const believed = [made.certificate, ...certificatesIn(found['ca.crt']).filter((old) => lives(old, at) > 0)];
      const renewed = { ...found, 'ca.crt': believed.slice(0, MAX_AUTHORITIES).join(''), 'ca.key': made.key };
      return isUsable(found) ? renewed : await this.#issue(renewed, at);
    }
    const isGood = isUsable(found) && lives(found['tls.crt'], at) > RENEW_MS && this.#isForUs(found['tls.crt']);
    return isGood ? undefined : await this.#issue(found, at);
  }

  async #issue(material: Material, at: Date): Promise<Material> {
    const options = { hosts: this.#options.hosts, at, days: LIFE_DAYS, serial: this.#ports.random(16) };
    const authority = { certificate: certificatesIn(material['ca.crt'])[0] ?? '', key: material['ca.key'] };
    const { certificate, key } = await issueServingCertificate(options, authority);
    return { ...material, 'tls.crt': certificate, 'tls.key': key };
  }

  #isForUs(pem: string): boolean {
    const certificate = new X509Certificate(pem);
    return this.#options.hosts.every((host) => certificate.checkHost(host) ?? certificate.checkIP(host));
  }

  #serve({ 'tls.crt': certificate, 'tls.key': key }: Material): void {
    if (this.#served === certificate) return;
    if (!isPair({ certificate, key }))
      throw new AppError(
        'invalid-input',
        `secret ${this.#options.secret}: expected a certificate that belongs to its key`,
      );
    this.#options.onRenew({ certificate, key });
    this.#served = certificate;
    this.fault = undefined;
    this.#ports.log.info('serving-certificate', { serial: new X509Certificate(certificate).serialNumber });
  }

  async #believe(bundle: string): Promise<void> {
    await writeAuthority(this.#client, bundle, this.#end.signal);
  }
}

function isOurs(secret: KubeObject): boolean {
  const { annotations } = metadataOf(secret);
  return isRecord(annotations) && annotations[OURS] === 'true';
}

function materialOf({ data }: KubeObject): Material {
  const read = (key: keyof Material) => {
    const value = isRecord(data) ? data[key] : undefined;
    return typeof value === 'string' ? Buffer.from(value, 'base64').toString() : '';
  };
  return { 'ca.crt': read('ca.crt'), 'ca.key': read('ca.key'), 'tls.crt': read('tls.crt'), 'tls.key': read('tls.key') };
}

function withMaterial(secret: KubeObject, material: Material): KubeObject {
  const metadata = metadataOf(secret);
  const annotations = { ...(isRecord(metadata.annotations) ? metadata.annotations : {}), [OURS]: 'true' };
  const data = Object.fromEntries(
    Object.entries(material).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  );
  return { apiVersion: 'v1', kind: 'Secret', type: secret.type, metadata: { ...metadata, annotations }, data };
}

/** A certificate with its key, of an authority that is believed. */
function isUsable(material: Material): boolean {
  const { 'tls.crt': certificate, 'tls.key': key } = material;
  if (!isPair({ certificate, key })) return false;
  const leaf = new X509Certificate(certificate);
  return certificatesIn(material['ca.crt']).some((pem) => {
    const authority = new X509Certificate(pem);
    return leaf.checkIssued(authority) && leaf.verify(authority.publicKey);
  });
}

/** Milliseconds until it ends. */
function lives(pem: string, at: Date): number {
  return new Date(new X509Certificate(pem).validTo).getTime() - at.getTime();
}

function certificatesIn(pem: string): readonly string[] {
  return (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/g) ?? []).map((text) =>
    text.endsWith('\n') ? text : `${text}\n`,
  );
}
