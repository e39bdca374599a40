/**
 * The TUF repository of an authority: its trusted root and signing configuration as targets, for clients to fetch and follow.
 *
 * Every role is renewed when half its life has passed and a client asks for what it begins with, a root or the timestamp: as long as the
 * authority serves, nothing expires, and no clock needs to run.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Files } from '../../core/index.ts';
import type { SigningKey } from '../crypto/index.ts';
import { TufFolder, type Plan } from '../tuf/index.ts';
import { content, problem, type Route } from './http.ts';
import type { AuthorityPorts } from './state.ts';
import type { TrustFiles } from './trust-files.ts';

export interface TufService {
  readonly routes: readonly Route[];
  /** The first root metadata: what clients begin with. */
  readonly root: Uint8Array;
}

interface TufContent {
  /** Signs root and targets. */
  readonly root: SigningKey;
  /** Signs snapshot and timestamp. */
  readonly online: SigningKey;
  readonly trust: TrustFiles;
}

const MAX_FILE_BYTES = 5_000_000;
const ROOT_DAYS = 365;
const SNAPSHOT_DAYS = 30;
const TIMESTAMP_DAYS = 7;

export async function openTufService(
  ports: AuthorityPorts,
  folder: string,
  { root, online, trust }: TufContent,
): Promise<TufService> {
  const { files, clock } = ports;
  const repository = new TufFolder(files, join(folder, 'tuf'));
  const keys = [root, online];
  await prepare(repository, files, { plan: planOf(root, online), at: clock() });
  await stageTargets(repository, trust, clock());
  await repository.renew(keys, clock());
  let last: Promise<unknown> = Promise.resolve();
  const renew = async (): Promise<void> => {
    const next = last.then(async () => await repository.renew(keys, clock()));
    last = next.catch(() => undefined); // who asked hears of it; the next one tries again
    await next;
  };
  const read = async (name: string): Promise<Response> => {
    const path = join(repository.folder, name);
    if ((await files.stat(path)) === undefined) return problem(404, 'no such file');
    const type = name.endsWith('.json') ? 'application/json' : 'application/octet-stream';
    return content(await files.read(path, MAX_FILE_BYTES), type);
  };
  return {
    root: await files.read(join(repository.folder, '1.root.json'), MAX_FILE_BYTES),
    routes: [
      {
        method: 'GET',
        path: /^\/tuf\/(timestamp\.json|[1-9]\d{0,8}\.root\.json)$/,
        answer: async ({ parts: [name = ''] }) => {
          await renew();
          return await read(name);
        },
      },
      {
        method: 'GET',
        path: /^\/tuf\/([1-9]\d{0,8}\.(?:snapshot|targets)\.json|targets\/[0-9a-f]{64}\.[\w.]+)$/,
        answer: async ({ parts: [name = ''] }) => await read(name),
      },
    ],
  };
}

function planOf(root: SigningKey, online: SigningKey): Plan {
  const by = ({ publicKey }: SigningKey, days: number) => ({ keys: [publicKey], threshold: 1, days });
  return {
    root: by(root, ROOT_DAYS),
    targets: by(root, ROOT_DAYS),
    snapshot: by(online, SNAPSHOT_DAYS),
    timestamp: by(online, TIMESTAMP_DAYS),
  };
}

/** Where no root is published yet, what an interrupted start left behind is made again. */
async function prepare(
  repository: TufFolder,
  files: Files,
  { plan, at }: { readonly plan: Plan; readonly at: Date },
): Promise<void> {
  if ((await repository.read()).root !== undefined) return;
  await files.remove(repository.folder);
  await repository.init(plan, at);
}

/** Stages the targets that are not listed as they are. */
async function stageTargets(repository: TufFolder, trust: TrustFiles, at: Date): Promise<void> {
  const { targets, stagedTargets } = await repository.read();
  const listed = (stagedTargets ?? targets)?.content.targets ?? {};
  const wanted = [
    { name: 'trusted_root.json', content: encode(trust.trustedRoot) },
    { name: 'signing_config.v0.2.json', content: encode(trust.signingConfig) },
  ];
  const changed = wanted.filter(({ name, content }) => {
    return listed[name]?.hashes['sha256'] !== createHash('sha256').update(content).digest('hex');
  });
  if (changed.length > 0) await repository.change(changed, [], at);
}

function encode(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}
