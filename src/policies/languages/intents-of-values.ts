/**
 * Intents of policies about single values, each in every language: a table for tests. In CUE, what must be there is asked for by `!= _|_`,
 * since a field that a policy names is otherwise added; and only of a document, since a policy alone must be without error.
 */

/** What a policy means, over the predicate of a statement. */
export interface Intent {
  readonly name: string;
  readonly cel: string;
  readonly cue: string;
  /** Rego v0, behind its package. */
  readonly rego0: string;
  /** Rego v1, behind its package and `import rego.v1`. */
  readonly rego1: string;
  readonly satisfied: unknown;
  readonly violated: unknown;
  readonly missing: unknown;
  readonly malformed: unknown;
  /** What is missing does no harm. */
  readonly isMissingFine?: true;
}

export const VALUE_INTENTS: readonly Intent[] = [
  {
    name: 'the builder is this one',
    cel: 'predicate.builder.id == "https://ci.example/b1"',
    cue: `predicate: _
predicateType: string
_value: [if predicateType != "" {[if predicate.builder.id != _|_ {predicate.builder.id}]}] & [...["https://ci.example/b1"]]`,
    rego0: `isCompliant {
  input.predicate.builder.id == "https://ci.example/b1"
}`,
    rego1: `isCompliant if {
  input.predicate.builder.id == "https://ci.example/b1"
}`,
    satisfied: { builder: { id: 'https://ci.example/b1' } },
    violated: { builder: { id: 'https://ci.example/b2' } },
    missing: { builder: {} },
    malformed: { builder: 'https://ci.example/b1' },
  },
  {
    name: 'the builder is one of a place',
    cel: 'predicate.builder.id.startsWith("https://ci.example/")',
    cue: `predicate: _
predicateType: string
_value: [if predicateType != "" {[if predicate.builder.id != _|_ {predicate.builder.id}]}] & [...[=~"^https://ci[.]example/"]]`,
    rego0: `isCompliant {
  startswith(input.predicate.builder.id, "https://ci.example/")
}`,
    rego1: `isCompliant if {
  startswith(input.predicate.builder.id, "https://ci.example/")
}`,
    satisfied: { builder: { id: 'https://ci.example/b7' } },
    violated: { builder: { id: 'https://ci.example.evil/b1' } },
    missing: {},
    malformed: { builder: { id: 7 } },
  },
  {
    name: 'the builder is one of these',
    cel: 'predicate.builder.id in ["b1", "b2", "b3"]',
    cue: `predicate: _
predicateType: string
_value: [if predicateType != "" {[if predicate.builder.id != _|_ {predicate.builder.id}]}] & [...["b1" | "b2" | "b3"]]`,
    rego0: `allowed = {"b1", "b2", "b3"}

isCompliant {
  allowed[input.predicate.builder.id]
}`,
    rego1: `isCompliant if {
  input.predicate.builder.id in {"b1", "b2", "b3"}
}`,
    satisfied: { builder: { id: 'b2' } },
    violated: { builder: { id: 'b4' } },
    missing: { builder: null },
    malformed: { builder: { id: ['b1'] } },
  },
  {
    name: 'the SLSA level is at least 3',
    cel: 'type(predicate.level) == int && predicate.level >= 3',
    cue: `predicate: _
predicateType: string
_value: [if predicateType != "" {[if predicate.level != _|_ {predicate.level}]}] & [...[int & >=3]]`,
    rego0: `isCompliant {
  is_number(input.predicate.level)
  input.predicate.level >= 3
}`,
    rego1: `isCompliant if {
  is_number(input.predicate.level)
  input.predicate.level >= 3
}`,
    satisfied: { level: 3 },
    violated: { level: 2 },
    missing: {},
    malformed: { level: '4' },
  },
  {
    name: 'there is at least one component',
    cel: 'type(predicate.components) == list && size(predicate.components) >= 1',
    cue: `predicate: _
predicateType: string
_value: [if predicateType != "" {[if predicate.components != _|_ {predicate.components}]}] & [...[[_, ...]]]`,
    rego0: `isCompliant {
  is_array(input.predicate.components)
  count(input.predicate.components) >= 1
}`,
    rego1: `isCompliant if {
  is_array(input.predicate.components)
  count(input.predicate.components) >= 1
}`,
    satisfied: { components: [{}] },
    violated: { components: [] },
    missing: {},
    malformed: { components: 'many' },
  },
  {
    name: 'the scan is not older than a day of 2026',
    cel: 'timestamp(predicate.scannedOn) >= timestamp("2026-05-01T00:00:00Z")',
    cue: `import "time"

predicate: _
predicateType: string
_value: [if predicateType != "" {[if predicate.scannedOn != _|_ {predicate.scannedOn}]}] & [...[time.Time & >="2026-05-01T00:00:00Z"]]`,
    rego0: `isCompliant {
  time.parse_rfc3339_ns(input.predicate.scannedOn) >= time.parse_rfc3339_ns("2026-05-01T00:00:00Z")
}`,
    rego1: `isCompliant if {
  time.parse_rfc3339_ns(input.predicate.scannedOn) >= time.parse_rfc3339_ns("2026-05-01T00:00:00Z")
}`,
    satisfied: { scannedOn: '2026-05-31T23:59:59Z' },
    violated: { scannedOn: '2026-04-30T23:59:59Z' },
    missing: {},
    malformed: { scannedOn: 'yesterday' },
  },
  {
    name: 'the version of the scanner is of a family',
    cel: 'predicate.scanner.version.matches("^2[.][0-9]+[.][0-9]+$")',
    cue: `predicate: _
predicateType: string
_value: [if predicateType != "" {[if predicate.scanner.version != _|_ {predicate.scanner.version}]}] & [...[=~"^2[.][0-9]+[.][0-9]+$"]]`,
    rego0: `isCompliant {
  re_match("^2[.][0-9]+[.][0-9]+$", input.predicate.scanner.version)
}`,
    rego1: `isCompliant if {
  regex.match("^2[.][0-9]+[.][0-9]+$", input.predicate.scanner.version)
}`,
    satisfied: { scanner: { version: '2.10.3' } },
    violated: { scanner: { version: '12.1.0' } },
    missing: { scanner: {} },
    malformed: { scanner: { version: 2.1 } },
  },
  {
    name: 'a flag is set',
    cel: 'predicate.reviewed == true',
    cue: `predicate: _
predicateType: string
_value: [if predicateType != "" {[if predicate.reviewed != _|_ {predicate.reviewed}]}] & [...[true]]`,
    rego0: `isCompliant {
  input.predicate.reviewed == true
}`,
    rego1: `isCompliant if {
  input.predicate.reviewed == true
}`,
    satisfied: { reviewed: true },
    violated: { reviewed: false },
    missing: {},
    malformed: { reviewed: 'true' },
  },
  {
    name: 'a text is not empty',
    cel: 'type(predicate.ticket) == string && predicate.ticket != ""',
    cue: `predicate: _
predicateType: string
_value: [if predicateType != "" {[if predicate.ticket != _|_ {predicate.ticket}]}] & [...[string & !=""]]`,
    rego0: `isCompliant {
  is_string(input.predicate.ticket)
  input.predicate.ticket != ""
}`,
    rego1: `isCompliant if {
  is_string(input.predicate.ticket)
  input.predicate.ticket != ""
}`,
    satisfied: { ticket: 'T-1' },
    violated: { ticket: '' },
    missing: {},
    malformed: { ticket: 7 },
  },
  {
    name: 'a share is at least 80.5 per cent',
    cel: 'type(predicate.coverage) in [int, double] && double(predicate.coverage) >= 80.5',
    cue: `predicate: _
predicateType: string
_value: [if predicateType != "" {[if predicate.coverage != _|_ {predicate.coverage}]}] & [...[number & >=80.5]]`,
    rego0: `isCompliant {
  is_number(input.predicate.coverage)
  input.predicate.coverage >= 80.5
}`,
    rego1: `isCompliant if {
  is_number(input.predicate.coverage)
  input.predicate.coverage >= 80.5
}`,
    satisfied: { coverage: 80.5 },
    violated: { coverage: 80.4999 },
    missing: {},
    malformed: { coverage: '99' },
  },
  {
    name: 'somebody approved, and null is nobody',
    cel: 'predicate.approver != null && size(string(predicate.approver)) > 0',
    cue: `predicate: _
predicateType: string
_value: [if predicateType != "" {[if predicate.approver != _|_ {predicate.approver}]}] & [...[string & !=""]]`,
    rego0: `isCompliant {
  is_string(input.predicate.approver)
  input.predicate.approver != ""
}`,
    rego1: `isCompliant if {
  is_string(input.predicate.approver)
  input.predicate.approver != ""
}`,
    satisfied: { approver: 'ann' },
    violated: { approver: null },
    missing: {},
    malformed: { approver: { name: 'ann' } },
  },
  {
    name: 'a list is exactly this',
    cel: 'predicate.branches == ["main", "release"]',
    cue: `predicate: _
predicateType: string
_value: [if predicateType != "" {[if predicate.branches != _|_ {predicate.branches}]}] & [...[["main", "release"]]]`,
    rego0: `isCompliant {
  input.predicate.branches == ["main", "release"]
}`,
    rego1: `isCompliant if {
  input.predicate.branches == ["main", "release"]
}`,
    satisfied: { branches: ['main', 'release'] },
    violated: { branches: ['release', 'main'] },
    missing: {},
    malformed: { branches: { 0: 'main', 1: 'release' } },
  },
  {
    name: 'what is left out is fine, what is there is empty',
    cel: '!has(predicate.exceptions) || predicate.exceptions == []',
    cue: 'predicate: exceptions?: []',
    rego0: `isCompliant {
  object.get(input.predicate, "exceptions", []) == []
}`,
    rego1: `isCompliant if {
  object.get(input.predicate, "exceptions", []) == []
}`,
    satisfied: { exceptions: [] },
    violated: { exceptions: ['CVE-1'] },
    missing: {},
    malformed: { exceptions: null },
    isMissingFine: true,
  },
  {
    name: 'two different people reviewed',
    cel: 'predicate.reviewers.all(r, type(r) == string) && predicate.reviewers.distinct().size() >= 2',
    cue: `import "list"

predicate: _
predicateType: string
_value: [if predicateType != "" {[if predicate.reviewers != _|_ {predicate.reviewers}]}] & [...[[...string] & list.UniqueItems() & [_, _, ...]]]`,
    rego0: `isCompliant {
  count([r | r := input.predicate.reviewers[_]; not is_string(r)]) == 0
  count({r | r := input.predicate.reviewers[_]}) >= 2
}`,
    rego1: `isCompliant if {
  every r in input.predicate.reviewers {
    is_string(r)
  }
  count({r | some r in input.predicate.reviewers}) >= 2
}`,
    satisfied: { reviewers: ['ann', 'bob'] },
    violated: { reviewers: ['ann', 'ann'] },
    missing: { reviewers: ['ann'] },
    malformed: { reviewers: [1, 2] },
  },
  {
    name: 'the major version is at least 2',
    cel: 'int(predicate.version.split(".")[0]) >= 2',
    cue: `predicate: _
predicateType: string
_value: [if predicateType != "" {[if predicate.version != _|_ {predicate.version}]}] & [...[=~"^([2-9]|[1-9][0-9]+)[.]"]]`,
    rego0: `isCompliant {
  to_number(split(input.predicate.version, ".")[0]) >= 2
}`,
    rego1: `isCompliant if {
  to_number(split(input.predicate.version, ".")[0]) >= 2
}`,
    satisfied: { version: '10.0.1' },
    violated: { version: '1.99.0' },
    missing: {},
    malformed: { version: 'two.0' },
  },
  {
    name: 'a number counts what a list holds',
    cel: 'size(predicate.tests) == predicate.total',
    cue: `predicate: _
predicateType: string
_total: [if predicateType != "" {[if predicate.total != _|_ {predicate.total}]}] & [...[len(predicate.tests)]]`,
    rego0: `isCompliant {
  count(input.predicate.tests) == input.predicate.total
}`,
    rego1: `isCompliant if {
  count(input.predicate.tests) == input.predicate.total
}`,
    satisfied: { tests: ['a', 'b'], total: 2 },
    violated: { tests: ['a', 'b'], total: 3 },
    missing: { tests: ['a'] },
    malformed: { tests: ['a'], total: '1' },
  },
  {
    name: 'nothing ran in debug mode',
    cel: 'predicate.debug == false',
    cue: `predicate: _
predicateType: string
_value: [if predicateType != "" {[if predicate.debug != _|_ {predicate.debug}]}] & [...[false]]`,
    rego0: `isCompliant {
  input.predicate.debug == false
}`,
    rego1: `isCompliant if {
  input.predicate.debug == false
}`,
    satisfied: { debug: false },
    violated: { debug: true },
    missing: {},
    malformed: { debug: 0 },
  },
];
