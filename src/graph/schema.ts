/** Tables of the evidence graph. A node's key is what the world calls it: a digest, a purl, a workload's name. */

export const SCHEMA_VERSION = 2;

export const SCHEMA = `
create table artifact (
  digest text primary key,
  first_seen text not null
) without rowid;
create table reference (
  artifact text not null references artifact(digest),
  name text not null,
  primary key (artifact, name)
) without rowid;
create table document (
  digest text not null,
  artifact text not null references artifact(digest),
  predicate_type text not null,
  signer text not null,
  received_at text not null,
  primary key (digest, artifact)
) without rowid;
create index document_artifact on document(artifact);
create table component (
  id integer primary key,
  key text not null unique,
  purl text not null,
  name text not null,
  version text not null,
  record text not null
);
create table lookup (
  ecosystem text not null,
  name text not null,
  component integer not null references component(id),
  primary key (ecosystem, name, component)
) without rowid;
create table contains (
  component integer not null references component(id),
  artifact text not null references artifact(digest),
  document text not null,
  primary key (component, artifact, document),
  foreign key (document, artifact) references document(digest, artifact)
) without rowid;
create index contains_artifact on contains(artifact);
create table workload (
  id integer primary key,
  kind text not null,
  namespace text not null,
  name text not null,
  seen_at text not null,
  unique (kind, namespace, name)
);
create table runs (
  workload integer not null references workload(id) on delete cascade,
  artifact text not null references artifact(digest),
  place text not null,
  image text not null,
  primary key (workload, place)
) without rowid;
create index runs_artifact on runs(artifact);
create table verdict (
  id integer primary key,
  at text not null,
  uid text not null,
  workload text not null,
  image text not null,
  artifact text,
  outcome text not null,
  reasons text not null
);
create index verdict_artifact on verdict(artifact);
create table finding (
  artifact text not null references artifact(digest),
  id text not null,
  purl text not null,
  severity text not null,
  record text not null,
  found_at text not null,
  primary key (artifact, id, purl)
) without rowid;
`;
