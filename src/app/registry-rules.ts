/**
 * The registry's rules in one YAML file, read strictly:
 *
 *     users: users.htpasswd          # as `htpasswd -B` or `plimsoll registry user` writes it
 *     tokens:                        # as `plimsoll registry token` makes them
 *       - { name: ci, sha256: "HEX" }
 *     access:                        # callers are users, tokens, "*" (everybody known) or anonymous (everybody)
 *       - { callers: [ci], repositories: ["team/**"], rights: [pull, push, delete] }
 *     challenge: basic               # or token: clients fetch a short-lived token with their password
 *     url: https://registry.example.com
 *     immutable:
 *       - { repositories: ["release/**"], tags: ["v*"] }
 *     audit: audit.jsonl
 *
 * Paths are relative to the file. Without `access` everybody may do everything.
 */
import { dirname, resolve } from 'node:path';
import {
  ANY_USER,
  ANYBODY,
  isPassword,
  parseHtpasswd,
  RIGHTS,
  type AccessRules,
  type RegistryRules,
} from '../artifacts/index.ts';
import {
  AppError,
  arrayOf,
  mismatch,
  oneOf,
  optional,
  parseYamlDocuments,
  strictObject,
  string,
  toAppError,
} from '../core/index.ts';
import type { Decoder, Ports } from '../core/index.ts';

/** Operators write these by hand. */
const MAX_RULES_BYTES = 1024 * 1024;
const MAX_ENTRIES = 10_000;
/** Milliseconds between two looks whether the files have changed. */
const LOOK_EVERY = 1000;

const hex: Decoder<string> = (value, path) => {
  const text = string(value, path);
  if (!/^[0-9a-f]{64}$/.test(text)) throw mismatch(path, '64 lower-case hex digits', value);
  return text;
};

const origin: Decoder<string> = (value, path) => {
  const text = string(value, path);
  if (!/^https?:\/\/[^/\s]+\/?$/.test(text) || !URL.canParse(text)) throw mismatch(path, 'https://HOST[:PORT]', value);
  return text;
};

const names = arrayOf(string, MAX_ENTRIES);

const rulesFile = strictObject({
  users: optional(string),
  tokens: optional(arrayOf(strictObject({ name: string, sha256: hex }), MAX_ENTRIES)),
  access: optional(
    arrayOf(
      strictObject({ callers: names, repositories: names, rights: arrayOf(oneOf(...RIGHTS), RIGHTS.length) }),
      MAX_ENTRIES,
    ),
  ),
  challenge: optional(oneOf('basic', 'token')),
  url: optional(origin),
  immutable: optional(arrayOf(strictObject({ repositories: names, tags: names }), MAX_ENTRIES)),
  audit: optional(string),
});

export interface OpenRules {
  /** As the files are now. Throws `unavailable` while they cannot be read: then nothing is answered until they are mended. */
  readonly current: () => Promise<RegistryRules>;
  /** Path of the audit log; as it was when the rules were opened. */
  readonly audit: string | undefined;
}

interface Loaded {
  readonly rules: RegistryRules;
  readonly audit: string | undefined;
  readonly paths: readonly string[];
  /** Changes with the files. */
  readonly stamp: string;
}

/** Throws `invalid-input` for a file that is not understood. */
export async function openRegistryRules(ports: Ports, path: string): Promise<OpenRules> {
  let last = await load(ports, path);
  let looked = ports.clock().getTime();
  let current = Promise.resolve(last.rules);
  const look = async (): Promise<RegistryRules> => {
    try {
      if ((await stampOf(ports, last.paths)) !== last.stamp) last = await load(ports, path);
      return last.rules;
    } catch (cause) {
      const { message } = toAppError(cause);
      ports.log.warn('registry rules', { message });
      throw new AppError('unavailable', message, { cause });
    }
  };
  return {
    audit: last.audit,
    current: async () => {
      const now = ports.clock().getTime();
      if (now - looked >= LOOK_EVERY) [looked, current] = [now, look()];
      return await current;
    },
  };
}

async function load(ports: Ports, path: string): Promise<Loaded> {
  const text = await readText(ports, path);
  const [document] = parseYamlDocuments(text, path, 1);
  const fields = rulesFile(document?.value ?? {}, path);
  const at = (name: string) => resolve(dirname(path), name);
  const paths = [path, ...(fields.users === undefined ? [] : [at(fields.users)])];
  // taken before reading: a change in between is seen at the next look
  const stamp = await stampOf(ports, paths);
  const [, usersPath] = paths;
  const hashes = usersPath === undefined ? new Map() : parseHtpasswd(await readText(ports, usersPath), usersPath);
  return {
    rules: { access: accessOf(fields, hashes, path), immutable: fields.immutable ?? [] },
    audit: fields.audit === undefined ? undefined : at(fields.audit),
    paths,
    stamp,
  };
}

function accessOf(
  fields: ReturnType<typeof rulesFile>,
  hashes: ReadonlyMap<string, string>,
  path: string,
): AccessRules | undefined {
  const { tokens = [], access, challenge = 'basic', url } = fields;
  if (access === undefined) {
    if (fields.users === undefined && fields.tokens === undefined) return undefined;
    throw mismatch(`${path}.access`, 'what users and tokens may do', undefined);
  }
  const known = new Set<string>([ANY_USER, ANYBODY]);
  for (const name of [...hashes.keys(), ...tokens.map(({ name }) => name)]) {
    if (known.has(name))
      throw mismatch(`${path}: users and tokens`, 'each name once, and none that has a meaning', name);
    known.add(name);
  }
  const stranger = access.flatMap(({ callers }) => callers).find((caller) => !known.has(caller));
  if (stranger !== undefined) throw mismatch(`${path}.access`, 'names of users and tokens, "*" or anonymous', stranger);
  const users = [...hashes].map(([name, hash]) => [name, (given: string) => isPassword(given, hash)] as const);
  return {
    users: new Map(users),
    tokens: new Map(tokens.map(({ name, sha256 }) => [sha256, name])),
    grants: access,
    challenge,
    url,
  };
}

async function stampOf(ports: Ports, paths: readonly string[]): Promise<string> {
  const stats = await Promise.all(paths.map((path) => ports.files.stat(path)));
  return stats.map((stat) => `${stat?.modified.getTime()} ${stat?.size}`).join();
}

async function readText(ports: Ports, path: string): Promise<string> {
  return new TextDecoder().decode(await ports.files.read(path, MAX_RULES_BYTES));
}
