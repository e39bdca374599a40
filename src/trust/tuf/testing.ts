/** A TUF repository in a temporary folder with keys of its own, which tests can make wrong. */
import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ports, WebHandler } from '../../core/index.ts';
import { createTestPorts } from '../../io/testing.ts';
import { formatPublicKey, generatePkcs8, importPkcs8, type SigningKey } from '../crypto/index.ts';
import { answerRoute, problem } from '../authority/http.ts';
import { openTufService } from '../authority/tuf-routes.ts';
import type { TufSource } from './client.ts';
import { describeKey, signedBytes, type TopRole } from './metadata.ts';
import { TufFolder, type Plan } from './repository.ts';

export const AT = new Date('2026-01-01T00:00:00Z');
const DAY_MS = 24 * 60 * 60 * 1000;

export function days(count: number): Date {
  return new Date(AT.getTime() + count * DAY_MS);
}

export function newKey(kind: 'ecdsa' | 'ed25519' = 'ecdsa'): SigningKey {
  if (kind === 'ecdsa') return importPkcs8(generatePkcs8(), 'test key');
  const { privateKey } = generateKeyPairSync('ed25519');
  return importPkcs8(new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' })), 'test key');
}

export function keyIdOf({ publicKey }: SigningKey): string {
  return describeKey(publicKey, formatPublicKey(publicKey)).keyid;
}

export type TestKeys = Readonly<Record<TopRole, readonly SigningKey[]>>;

export function planOf(keys: TestKeys, thresholds: Partial<Record<TopRole, number>> = {}): Plan {
  const role = (name: TopRole, life: number) => ({
    keys: keys[name].map(({ publicKey }) => publicKey),
    threshold: thresholds[name] ?? 1,
    days: life,
  });
  return {
    root: role('root', 365),
    targets: role('targets', 365),
    snapshot: role('snapshot', 30),
    timestamp: role('timestamp', 7),
  };
}

export function emptyFolder(): TufFolder {
  const { files, home } = createTestPorts();
  return new TufFolder(files, join(home, 'tuf'));
}

/** Published with one target `app.txt`, by one key for root and targets and one for the rest. */
export async function createTestRepository(content = 'hello'): Promise<{
  readonly folder: TufFolder;
  readonly offline: SigningKey;
  readonly online: SigningKey;
}> {
  const folder = emptyFolder();
  const [offline, online] = [newKey(), newKey('ed25519')];
  await folder.init(planOf({ root: [offline], targets: [offline], snapshot: [online], timestamp: [online] }), AT);
  await folder.change([{ name: 'app.txt', content: Buffer.from(content) }], [], AT);
  await folder.sign(offline);
  await folder.publish([online], AT);
  return { folder, offline, online };
}

/** All files of a folder as a repository. */
export function readRepository(folder: string): Map<string, Uint8Array> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    names.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(folder.length + 1), new Uint8Array(readFileSync(path))];
    }),
  );
}

/** Gives what is there, whatever its size: the client's own checks are under test. */
export function sourceOf(files: ReadonlyMap<string, Uint8Array>): TufSource {
  return async (path) => files.get(path);
}

/** A file of the repository changed and signed anew. */
export async function resign(
  files: Map<string, Uint8Array>,
  path: string,
  change: { readonly signed?: Readonly<Record<string, unknown>>; readonly by: readonly SigningKey[] },
): Promise<void> {
  const { signed: before } = JSON.parse(Buffer.from(files.get(path) ?? []).toString()) as {
    signed: Readonly<Record<string, unknown>>;
  };
  const signed = { ...before, ...change.signed };
  const signatures = await Promise.all(
    change.by.map(async (key) => ({
      keyid: keyIdOf(key),
      sig: Buffer.from(await key.sign(signedBytes(signed))).toString('hex'),
    })),
  );
  files.set(path, Buffer.from(JSON.stringify({ signatures, signed })));
}

/** The least that a trusted root can be. */
export const EMPTY_ROOT = { mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1' };

/** The TUF repository of an authority without the rest of it, at `/tuf`; its root metadata, too. */
export async function serveTestRepository(
  ports: Ports,
  trustedRoot: unknown = EMPTY_ROOT,
): Promise<{ readonly handler: WebHandler; readonly root: Uint8Array }> {
  const trust = { trustedRoot, signingConfig: { any: 'services' } };
  const content = { root: newKey(), online: newKey('ed25519'), trust };
  const { routes, root } = await openTufService(ports, join(ports.home, 'authority'), content);
  return { root, handler: async (request) => (await answerRoute(routes, request)) ?? problem(404, 'no such endpoint') };
}
