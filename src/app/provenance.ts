/** Writes down how something was built, as a SLSA v1 provenance predicate. */
import { AppError, findDigest } from '../core/index.ts';
import type { Ports } from '../core/index.ts';
import { createSlsaProvenance, decodeDigestSet, digestSetOf } from '../attestations/index.ts';
import type { ResourceDescriptor } from '../attestations/index.ts';
import { readGitHead } from './git-head.ts';

export interface ProvenanceInput {
  readonly builderId: string;
  readonly buildType: string;
  readonly externalParameters: Readonly<Record<string, unknown>>;
  /** Each `uri@algorithm:hex`. */
  readonly materials: readonly string[];
  /** A git work tree whose commit is a dependency. */
  readonly source?: string;
  readonly invocationId?: string;
  /** RFC 3339. */
  readonly startedOn?: string;
  /** RFC 3339; now if not given. */
  readonly finishedOn?: string;
}

/** The predicate, ready for `attest --type slsaprovenance1`. */
export async function createProvenance(
  ports: Ports,
  input: ProvenanceInput,
): Promise<Readonly<Record<string, unknown>>> {
  requireUri('builder id', input.builderId);
  requireUri('build type', input.buildType);
  const source = input.source === undefined ? [] : [await describeSource(ports, input.source)];
  const startedOn = input.startedOn === undefined ? undefined : parseTime('started', input.startedOn);
  const finishedOn = input.finishedOn === undefined ? ports.clock() : parseTime('finished', input.finishedOn);
  if (startedOn !== undefined && startedOn > finishedOn) {
    throw new AppError('usage', 'finished: expected a time after the start, found one before it');
  }
  return createSlsaProvenance({
    buildType: input.buildType,
    builderId: input.builderId,
    externalParameters: input.externalParameters,
    resolvedDependencies: [...source, ...input.materials.map(parseMaterial)],
    ...(input.invocationId === undefined ? {} : { invocationId: input.invocationId }),
    ...(startedOn === undefined ? {} : { startedOn }),
    finishedOn,
  });
}

async function describeSource(ports: Ports, folder: string): Promise<ResourceDescriptor> {
  const head = await readGitHead(ports.files, folder);
  const ref = head.ref === undefined ? '' : `@${head.ref}`;
  const digest = { gitCommit: head.commit };
  return head.origin === undefined ? { name: `source${ref}`, digest } : { uri: `${gitUri(head.origin)}${ref}`, digest };
}

/** SPDX download location form: `git+https://...`; `git@host:path` becomes `git+ssh://git@host/path`. */
function gitUri(origin: string): string {
  const scp = /^(?:([^@/:]+)@)?([^/:]+):(?!\/\/)(.+)$/.exec(origin);
  if (scp !== null) return `git+ssh://${scp[1] ?? 'git'}@${scp[2]}/${scp[3]}`;
  return /^[a-z+]+:\/\//.test(origin) ? `git+${origin}` : origin;
}

function parseMaterial(text: string): ResourceDescriptor {
  const at = text.lastIndexOf('@');
  const [uri, digestText] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
  if (uri === '') throw new AppError('usage', `material: expected URI@ALGORITHM:HEX, found "${text}"`);
  const digest = findDigest(digestText);
  if (digest !== undefined) return { uri, digest: digestSetOf(digest) };
  const colon = digestText.indexOf(':');
  if (colon < 1) throw new AppError('usage', `material: expected URI@ALGORITHM:HEX, found "${text}"`);
  const set = { [digestText.slice(0, colon)]: digestText.slice(colon + 1) };
  return { uri, digest: decodeDigestSet(set, `material ${uri}`) };
}

function requireUri(what: string, text: string): void {
  if (/^[a-z][a-z0-9+.-]*:\S+$/i.test(text)) return;
  throw new AppError('usage', `${what}: expected a URI, found "${text}"`);
}

function parseTime(what: string, text: string): Date {
  const isRfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text);
  const time = new Date(text);
  if (isRfc3339 && !Number.isNaN(time.getTime())) return time;
  throw new AppError('usage', `${what}: expected a time like 2026-01-02T03:04:05Z, found "${text}"`);
}
