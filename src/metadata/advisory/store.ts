/**
 * The advisory store: one SQLite file. An import is one transaction, so a kill leaves the old state; importing the same again
 * changes nothing; of two records of one id the one modified last stays.
 */
import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import { AppError, isRecord } from '../../core/index.ts';
import type { Advisory, AffectedPackage } from './advisory.ts';

/** A package by the names of the OSV schema. */
export interface PackageName {
  readonly ecosystem: string;
  readonly name: string;
}

export interface ImportResult {
  /** Records read. */
  readonly read: number;
  /** Records new or changed. */
  readonly changed: number;
  /** Every package that a new or changed record names or named: whoever has one must be judged anew. Sorted. */
  readonly changedPackages: readonly PackageName[];
}

export interface StoreStatus {
  readonly advisories: number;
  readonly withdrawn: number;
  /** Base names without release, with the number of advisories. */
  readonly ecosystems: readonly { readonly ecosystem: string; readonly advisories: number }[];
  /** When the last import ended; undefined for a store that never had one. */
  readonly updated: string | undefined;
  /** The newest time of change that a record carries. */
  readonly newestRecord: string | undefined;
  /** Digest over all records: the version of the data. */
  readonly version: string;
}

export type StoredAdvisory = Omit<Advisory, 'affected'>;

export interface PackageAdvisory {
  readonly advisory: StoredAdvisory;
  readonly affected: AffectedPackage;
}

export interface AdvisoryStore extends Disposable {
  /** `at` is the time of the import. */
  import(advisories: AsyncIterable<Advisory> | Iterable<Advisory>, at: Date): Promise<ImportResult>;
  /** Records not withdrawn that name the package. The name must be in the ecosystem's normal spelling. */
  find(ecosystem: string, name: string): readonly PackageAdvisory[];
  /** Whether any record is filed under this full name: without one, finding nothing says nothing. */
  holds(ecosystem: string): boolean;
  /** One record whether withdrawn or not. */
  findById(id: string): StoredAdvisory | undefined;
  /** All names of the vulnerability, the given one first: aliases, followed both ways. */
  listAliases(id: string): readonly string[];
  /** Ids of records that were derived from this vulnerability: distributions' notices about a CVE. */
  listDerived(id: string): readonly string[];
  /** Packages that the record names. Empty for an unknown id. */
  listPackages(id: string): readonly PackageName[];
  status(): StoreStatus;
  close(): void;
}

/** Kept in the file; another number means that the file was made by another version of the program. */
const SCHEMA_VERSION = 1;
/** An alias class of more names is a mistake in the data, not one vulnerability. */
const MAX_ALIASES = 200;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS advisory (
    id TEXT PRIMARY KEY, modified TEXT, withdrawn TEXT, digest TEXT NOT NULL, record TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS affected (
    ecosystem TEXT NOT NULL, name TEXT NOT NULL, advisory TEXT NOT NULL, package TEXT NOT NULL,
    PRIMARY KEY (ecosystem, name, advisory)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS affected_advisory ON affected (advisory);
  CREATE TABLE IF NOT EXISTS alias (
    name TEXT NOT NULL, other TEXT NOT NULL, advisory TEXT NOT NULL, PRIMARY KEY (name, other, advisory)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS alias_advisory ON alias (advisory);
  CREATE TABLE IF NOT EXISTS derived (
    name TEXT NOT NULL, advisory TEXT NOT NULL, PRIMARY KEY (name, advisory)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS derived_advisory ON derived (advisory);
  CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
`;

/** Opens or creates; the folder must exist. Throws `invalid-input` for a file that is no store of this version. */
export function openAdvisoryStore(path: string): AdvisoryStore {
  const database = openDatabase(path);
  const statements = prepare(database);
  let isImporting = false;
  return {
    async import(advisories, at) {
      if (isImporting) throw new AppError('unavailable', 'another import into this store is running');
      isImporting = true;
      try {
        return await importAll(database, statements, { advisories, at });
      } finally {
        isImporting = false;
      }
    },
    find: (ecosystem, name) =>
      statements.find.all(ecosystem, name).map((row) => ({
        advisory: parseRow(row, 'record') as StoredAdvisory,
        affected: parseRow(row, 'package') as AffectedPackage,
      })),
    holds: (ecosystem) => statements.holds.get(ecosystem) !== undefined,
    findById: (id) => {
      const row = statements.get.get(id);
      return row === undefined ? undefined : (parseRow(row, 'record') as StoredAdvisory);
    },
    listAliases: (id) => listAliases(statements, id),
    listDerived: (id) => statements.derived.all(id).map((row) => String(row.advisory)),
    listPackages: (id) => listPackages(statements, id),
    status: () => readStatus(database),
    close: () => database.close(),
    [Symbol.dispose]: () => database.close(),
  };
}

function openDatabase(path: string): DatabaseSync {
  try {
    const database = new DatabaseSync(path, { timeout: 10_000 });
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    const version = Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
    if (version !== 0 && version !== SCHEMA_VERSION) {
      throw new AppError(
        'invalid-input',
        `${path}: expected an advisory store of version ${SCHEMA_VERSION}, found ${version}`,
        {
          hint: 'remove the file and import again',
        },
      );
    }
    database.exec(SCHEMA);
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    return database;
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError('invalid-input', `${path}: expected an advisory store, ${String(cause)}`, { cause });
  }
}

type Statements = ReturnType<typeof prepare>;

function prepare(database: DatabaseSync) {
  return {
    find: database.prepare(
      `SELECT a.record, f.package FROM affected f JOIN advisory a ON a.id = f.advisory
       WHERE f.ecosystem = ? AND f.name = ? AND a.withdrawn IS NULL ORDER BY a.id`,
    ),
    holds: database.prepare('SELECT 1 FROM affected WHERE ecosystem = ? LIMIT 1'),
    get: database.prepare('SELECT modified, digest, record FROM advisory WHERE id = ?'),
    packages: database.prepare('SELECT ecosystem, name FROM affected WHERE advisory = ?'),
    dropPackages: database.prepare('DELETE FROM affected WHERE advisory = ?'),
    derived: database.prepare('SELECT advisory FROM derived WHERE name = ? ORDER BY advisory'),
    putDerived: database.prepare('INSERT OR IGNORE INTO derived (name, advisory) VALUES (?, ?)'),
    dropDerived: database.prepare('DELETE FROM derived WHERE advisory = ?'),
    dropAliases: database.prepare('DELETE FROM alias WHERE advisory = ?'),
    put: database.prepare(
      'INSERT OR REPLACE INTO advisory (id, modified, withdrawn, digest, record) VALUES (?, ?, ?, ?, ?)',
    ),
    putPackage: database.prepare(
      'INSERT OR REPLACE INTO affected (ecosystem, name, advisory, package) VALUES (?, ?, ?, ?)',
    ),
    putAlias: database.prepare('INSERT OR IGNORE INTO alias (name, other, advisory) VALUES (?, ?, ?)'),
    aliases: database.prepare('SELECT other FROM alias WHERE name = ? ORDER BY other'),
    putFact: database.prepare('INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)'),
  } satisfies Record<string, StatementSync>;
}

/** Rows hold only what this module wrote. */
function parseRow(row: Readonly<Record<string, unknown>>, column: string): unknown {
  const text = row[column];
  const value: unknown = typeof text === 'string' ? JSON.parse(text) : undefined;
  if (!isRecord(value)) throw new AppError('invalid-input', `advisory store: expected a record in column ${column}`);
  return value;
}

interface Import {
  readonly advisories: AsyncIterable<Advisory> | Iterable<Advisory>;
  readonly at: Date;
}

async function importAll(
  database: DatabaseSync,
  statements: Statements,
  { advisories, at }: Import,
): Promise<ImportResult> {
  const packages = new Map<string, PackageName>();
  let read = 0;
  let changed = 0;
  database.exec('BEGIN IMMEDIATE');
  try {
    for await (const advisory of advisories) {
      read++;
      const touched = putAdvisory(statements, advisory);
      if (touched === undefined) continue;
      changed++;
      for (const name of touched) packages.set(`${name.ecosystem}\n${name.name}`, name);
    }
    if (read > 0) statements.putFact.run('updated', at.toISOString());
    if (changed > 0) statements.putFact.run('version', digestOfAll(database));
    database.exec('COMMIT');
  } catch (thrown) {
    database.exec('ROLLBACK');
    throw thrown;
  }
  const changedPackages = [...packages].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, name]) => name);
  return { read, changed, changedPackages };
}

/** The packages touched, or undefined when what is stored stays. */
function putAdvisory(statements: Statements, advisory: Advisory): readonly PackageName[] | undefined {
  const digest = createHash('sha256').update(JSON.stringify(advisory)).digest('hex');
  const known = statements.get.get(advisory.id);
  if (known !== undefined && !isNewer(advisory, known, digest)) return undefined;
  const before = listPackages(statements, advisory.id);
  const { affected, ...record } = advisory;
  statements.dropPackages.run(advisory.id);
  statements.dropAliases.run(advisory.id);
  statements.dropDerived.run(advisory.id);
  statements.put.run(
    advisory.id,
    advisory.modified ?? null,
    advisory.withdrawn ?? null,
    digest,
    JSON.stringify(record),
  );
  for (const entry of affected) {
    statements.putPackage.run(entry.ecosystem, entry.name, advisory.id, JSON.stringify(entry));
  }
  // A withdrawn record's claims about names do not hold any more either.
  for (const alias of advisory.withdrawn === undefined ? advisory.aliases : []) {
    statements.putAlias.run(advisory.id, alias, advisory.id);
    statements.putAlias.run(alias, advisory.id, advisory.id);
  }
  for (const name of advisory.withdrawn === undefined ? advisory.upstream : [])
    statements.putDerived.run(name, advisory.id);
  return [...before, ...affected.map(({ ecosystem, name }) => ({ ecosystem, name }))];
}

function listPackages(statements: Statements, id: string): readonly PackageName[] {
  return statements.packages.all(id).map((row) => ({ ecosystem: String(row.ecosystem), name: String(row.name) }));
}

/** A record without a time does not replace one with a time; of two without, the one that came later stays. */
function isNewer(advisory: Advisory, known: Readonly<Record<string, unknown>>, digest: string): boolean {
  if (known.digest === digest) return false;
  const before = typeof known.modified === 'string' ? Date.parse(known.modified) : -Infinity;
  const now = advisory.modified === undefined ? -Infinity : Date.parse(advisory.modified);
  return !(now < before);
}

function digestOfAll(database: DatabaseSync): string {
  const hash = createHash('sha256');
  for (const row of database.prepare('SELECT id, digest FROM advisory ORDER BY id').iterate()) {
    hash.update(`${String(row.id)} ${String(row.digest)}\n`);
  }
  return `sha256:${hash.digest('hex')}`;
}

function listAliases(statements: Statements, id: string): readonly string[] {
  const found = new Set([id]);
  for (const name of found) {
    for (const row of statements.aliases.all(name)) {
      if (found.size < MAX_ALIASES) found.add(String(row.other));
    }
  }
  return [...found];
}

function readStatus(database: DatabaseSync): StoreStatus {
  const one = (sql: string) => database.prepare(sql).get()?.value;
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  const rows = database
    .prepare(
      `SELECT CASE WHEN instr(ecosystem, ':') > 0 THEN substr(ecosystem, 1, instr(ecosystem, ':') - 1) ELSE ecosystem END AS base,
              COUNT(DISTINCT advisory) AS total FROM affected GROUP BY base ORDER BY base`,
    )
    .all();
  return {
    advisories: Number(one('SELECT COUNT(*) AS value FROM advisory')),
    withdrawn: Number(one('SELECT COUNT(*) AS value FROM advisory WHERE withdrawn IS NOT NULL')),
    ecosystems: rows.map((row) => ({ ecosystem: String(row.base), advisories: Number(row.total) })),
    updated: text(one("SELECT value FROM fact WHERE name = 'updated'")),
    newestRecord: text(one('SELECT MAX(modified) AS value FROM advisory')),
    version: text(one("SELECT value FROM fact WHERE name = 'version'")) ?? 'empty',
  };
}
