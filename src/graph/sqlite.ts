/** The graph in one SQLite file. Every write is a transaction, and the journal makes a kill at any moment harmless. */
import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { AppError, digestOf } from '../core/index.ts';
import type { Digest, Finding, Outcome, Reason } from '../core/index.ts';
import type {
  ComponentFact,
  ComponentNode,
  DocumentFact,
  Graph,
  GraphStatus,
  PackageName,
  VerdictFact,
  WorkloadFact,
  WorkloadNode,
} from './graph.ts';
import { SCHEMA, SCHEMA_VERSION } from './schema.ts';

/** Milliseconds to wait for another process's write. */
const BUSY_TIMEOUT = 5000;

/** Opens or creates; the folder must exist. `:memory:` keeps nothing. Throws `unavailable` for a file of another program or version. */
export function openGraph(path: string): Graph {
  const database = openDatabase(path);
  return new SqliteGraph(database);
}

function openDatabase(path: string): DatabaseSync {
  try {
    const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT });
    database.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma foreign_keys = on');
    migrate(database, path);
    return database;
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('unavailable', `${path}: expected an evidence graph, ${reason}`, { cause });
  }
}

/** Two processes may create the file at the same time: the version is read again inside the transaction. */
function migrate(database: DatabaseSync, path: string): void {
  const version = () => Number(database.prepare('pragma user_version').get()?.user_version);
  if (version() === SCHEMA_VERSION) return;
  database.exec('begin immediate');
  const found = version();
  if (found === 0) database.exec(`${SCHEMA}; pragma user_version = ${SCHEMA_VERSION}`);
  database.exec('commit');
  if (found !== 0 && found !== SCHEMA_VERSION) {
    throw new AppError(
      'unavailable',
      `${path}: expected an evidence graph of version ${SCHEMA_VERSION}, found version ${found}`,
    );
  }
}

class SqliteGraph implements Graph {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  batch(work: () => void): void {
    this.#transact(work);
  }

  addReference(artifact: Digest, name: string, at: Date): void {
    this.#transact(() => {
      this.#addArtifact(artifact, at);
      this.#run('insert into reference values (?, ?) on conflict do nothing', artifact, name);
    });
  }

  addDocument(document: DocumentFact, components: readonly ComponentFact[]): void {
    if (this.hasDocument(document.digest, document.artifact)) return;
    this.#transact(() => {
      const { digest, artifact, predicateType, signer, receivedAt } = document;
      this.#addArtifact(artifact, receivedAt);
      this.#run(
        'insert into document values (?, ?, ?, ?, ?) on conflict do nothing',
        digest,
        artifact,
        predicateType,
        signer,
        receivedAt.toISOString(),
      );
      for (const component of components) {
        const id = this.#addComponent(component);
        this.#run('insert into contains values (?, ?, ?) on conflict do nothing', id, artifact, digest);
      }
    });
  }

  hasDocument(digest: Digest, artifact: Digest): boolean {
    const sql = 'select 1 as found from document where digest = ? and artifact = ?';
    return this.#get(sql, digest, artifact) !== undefined;
  }

  setWorkload({ kind, namespace, name, seenAt, places, images }: WorkloadFact): void {
    this.#transact(() => {
      const row = this.#get(
        'insert into workload (kind, namespace, name, seen_at) values (?, ?, ?, ?) on conflict do update set seen_at = excluded.seen_at returning id',
        kind,
        namespace,
        name,
        seenAt.toISOString(),
      );
      const id = Number(row?.id);
      this.#run(
        'delete from runs where workload = ? and place not in (select value from json_each(?))',
        id,
        JSON.stringify(places),
      );
      for (const { artifact, image, place } of images) {
        this.#addArtifact(artifact, seenAt);
        this.#run('insert or replace into runs values (?, ?, ?, ?)', id, artifact, place, image);
      }
    });
  }

  removeWorkload(kind: string, namespace: string, name: string): void {
    this.#run('delete from workload where kind = ? and namespace = ? and name = ?', kind, namespace, name);
  }

  addVerdict({ at, uid, workload, image, artifact, outcome, reasons }: VerdictFact): void {
    this.#run(
      'insert into verdict (at, uid, workload, image, artifact, outcome, reasons) values (?, ?, ?, ?, ?, ?, ?)',
      at.toISOString(),
      uid,
      workload,
      image,
      artifact ?? null,
      outcome,
      JSON.stringify(reasons),
    );
  }

  setFindings(artifact: Digest, findings: readonly Finding[], at: Date): void {
    this.#transact(() => {
      this.#addArtifact(artifact, at);
      this.#run('delete from finding where artifact = ?', artifact);
      for (const finding of findings) {
        const { id, severity, component } = finding;
        this.#run(
          'insert into finding values (?, ?, ?, ?, ?, ?) on conflict do nothing',
          artifact,
          id,
          component.purl,
          severity,
          JSON.stringify(finding),
          at.toISOString(),
        );
      }
    });
  }

  findComponents({ ecosystem, name }: PackageName): readonly ComponentNode[] {
    const rows = this.#all(
      'select c.id, c.purl, c.name, c.version, c.record from lookup l join component c on c.id = l.component where l.ecosystem = ? and l.name = ? order by c.purl, c.id',
      ecosystem,
      name,
    );
    return rows.map((row) => ({
      purl: String(row.purl),
      name: String(row.name),
      version: String(row.version),
      record: JSON.parse(String(row.record)) as unknown,
      artifacts: this.#all(
        'select distinct artifact from contains where component = ? order by artifact',
        Number(row.id),
      ).map((entry) => entry.artifact as Digest),
    }));
  }

  listReferences(artifact: Digest): readonly string[] {
    return this.#all('select name from reference where artifact = ? order by name', artifact).map((row) =>
      String(row.name),
    );
  }

  listWorkloads(artifact: Digest): readonly WorkloadNode[] {
    const rows = this.#all(
      'select w.kind, w.namespace, w.name, r.image, r.artifact from runs r join workload w on w.id = r.workload where r.artifact = ? order by w.namespace, w.kind, w.name, r.place',
      artifact,
    );
    return rows.map((row) => ({
      kind: String(row.kind),
      namespace: String(row.namespace),
      name: String(row.name),
      image: String(row.image),
      artifact: row.artifact as Digest,
    }));
  }

  listVerdicts(limit: number): readonly VerdictFact[] {
    return this.#all('select * from verdict order by id desc limit ?', limit).map((row) => ({
      at: new Date(String(row.at)),
      uid: String(row.uid),
      workload: String(row.workload),
      image: String(row.image),
      ...(row.artifact === null ? {} : { artifact: row.artifact as Digest }),
      outcome: row.outcome as Outcome,
      reasons: JSON.parse(String(row.reasons)) as readonly Reason[],
    }));
  }

  listFindings(artifact: Digest): readonly Finding[] {
    return this.#all('select record from finding where artifact = ? order by id, purl', artifact).map(
      (row) => JSON.parse(String(row.record)) as Finding,
    );
  }

  status(): GraphStatus {
    const count = (table: string) => Number(this.#get(`select count(*) as n from ${table}`)?.n);
    return {
      artifacts: count('artifact'),
      documents: count('document'),
      components: count('component'),
      workloads: count('workload'),
      verdicts: count('verdict'),
      findings: count('finding'),
    };
  }

  close(): void {
    this.#database.close();
  }

  #addArtifact(digest: Digest, at: Date): void {
    this.#run('insert into artifact values (?, ?) on conflict do nothing', digest, at.toISOString());
  }

  #addComponent({ purl, name, version, lookups, record }: ComponentFact): number {
    const text = JSON.stringify(record);
    const key = digestOf(`${purl}\n${text}`);
    const known = this.#get('select id from component where key = ?', key);
    if (known !== undefined) return Number(known.id);
    const row = this.#get(
      'insert into component (key, purl, name, version, record) values (?, ?, ?, ?, ?) returning id',
      key,
      purl,
      name,
      version,
      text,
    );
    const id = Number(row?.id);
    for (const lookup of lookups)
      this.#run('insert into lookup values (?, ?, ?) on conflict do nothing', lookup.ecosystem, lookup.name, id);
    return id;
  }

  /** Inside of another one a savepoint, so that what fails there can be survived. */
  #transact(work: () => void): void {
    const [begin, end, undo] = this.#database.isTransaction
      ? (['savepoint one', 'release one', 'rollback to one; release one'] as const)
      : (['begin immediate', 'commit', 'rollback'] as const);
    this.#run(begin);
    try {
      work();
      this.#run(end);
    } catch (error) {
      this.#database.exec(undo);
      throw error;
    }
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql) ?? this.#database.prepare(sql);
    this.#statements.set(sql, known);
    return known;
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
    this.#statement(sql).run(...values);
  }

  #get(sql: string, ...values: SQLInputValue[]) {
    return this.#statement(sql).get(...values);
  }

  #all(sql: string, ...values: SQLInputValue[]) {
    return this.#statement(sql).all(...values);
  }
}
