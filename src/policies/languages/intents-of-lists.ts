/**
 * Intents of policies about lists and maps, each in every language: a table for tests. In Rego v0, what stands behind `not` is a function,
 * since `not allowed[x.y]` has no value where `x.y` has none.
 */
import type { Intent } from './intents-of-values.ts';

/** That the list is there, and in each entry the field with such a value. */
function eachInCue(list: string, field: string, type: string): string {
  return `predicate: _
predicateType: string
_list: [if predicateType != "" {[if predicate.${list} != _|_ {predicate.${list}}]}] & [...[[...]]]
_each: [for c in predicate.${list} {[if c.${field} != _|_ {c.${field}}]}] & [...[${type}]]`;
}

/** That the list is there, and `ok` of each entry. */
function allInRego0(list: string): string {
  return `isCompliant {
  is_array(input.predicate.${list})
  count([c | c := input.predicate.${list}[_]; not ok(c)]) == 0
}`;
}

export const LIST_INTENTS: readonly Intent[] = [
  {
    name: 'every dependency is pinned by digest',
    cel: 'predicate.deps.all(c, c.digest.sha256.matches("^[0-9a-f]{64}$"))',
    cue: eachInCue('deps', 'digest.sha256', '=~"^[0-9a-f]{64}$"'),
    rego0: `ok(c) {
  re_match("^[0-9a-f]{64}$", c.digest.sha256)
}

${allInRego0('deps')}`,
    rego1: `isCompliant if {
  every c in input.predicate.deps {
    regex.match("^[0-9a-f]{64}$", c.digest.sha256)
  }
}`,
    satisfied: { deps: [{ digest: { sha256: 'a'.repeat(64) } }] },
    violated: { deps: [{ digest: { sha256: 'a'.repeat(64) } }, { digest: { sha256: 'latest' } }] },
    missing: { deps: [{ digest: {} }] },
    malformed: { deps: [{ digest: 'sha256' }] },
  },
  {
    name: 'a source is among the materials',
    cel: 'predicate.materials.exists(m, m.uri == "git+https://git.example/app")',
    cue: `import "list"

${eachInCue('materials', 'uri', 'string')}
_found: true & list.Contains([for c in predicate.materials {c.uri}], "git+https://git.example/app")`,
    rego0: `isCompliant {
  input.predicate.materials[_].uri == "git+https://git.example/app"
}`,
    rego1: `isCompliant if {
  some m in input.predicate.materials
  m.uri == "git+https://git.example/app"
}`,
    satisfied: { materials: [{ uri: 'x' }, { uri: 'git+https://git.example/app' }] },
    violated: { materials: [{ uri: 'git+https://git.example/other' }] },
    missing: { materials: [] },
    malformed: { materials: 'git+https://git.example/app' },
  },
  {
    name: 'every licence is in the list',
    cel: 'predicate.components.all(c, c.license in ["MIT", "Apache-2.0", "BSD-3-Clause"])',
    cue: eachInCue('components', 'license', '"MIT" | "Apache-2.0" | "BSD-3-Clause"'),
    rego0: `allowed = {"MIT", "Apache-2.0", "BSD-3-Clause"}

ok(c) {
  allowed[c.license]
}

${allInRego0('components')}`,
    rego1: `isCompliant if {
  every c in input.predicate.components {
    c.license in {"MIT", "Apache-2.0", "BSD-3-Clause"}
  }
}`,
    satisfied: {
      components: [
        { name: 'a', license: 'MIT' },
        { name: 'b', license: 'Apache-2.0' },
      ],
    },
    violated: {
      components: [
        { name: 'a', license: 'MIT' },
        { name: 'b', license: 'GPL-3.0-only' },
      ],
    },
    missing: { components: [{ name: 'a' }] },
    malformed: { components: [{ name: 'a', license: ['MIT'] }] },
  },
  {
    name: 'no licence is copyleft',
    cel: 'predicate.components.all(c, !c.license.startsWith("GPL"))',
    cue: eachInCue('components', 'license', '!~"^GPL"'),
    rego0: `ok(c) {
  is_string(c.license)
  not startswith(c.license, "GPL")
}

${allInRego0('components')}`,
    rego1: `isCompliant if {
  every c in input.predicate.components {
    is_string(c.license)
    not startswith(c.license, "GPL")
  }
}`,
    satisfied: { components: [{ license: 'MIT' }] },
    violated: { components: [{ license: 'GPL-3.0-only' }] },
    missing: { components: [{}] },
    malformed: { components: [{ license: 3 }] },
  },
  {
    name: 'a component is there',
    cel: 'predicate.components.exists(c, c.name == "openssl")',
    cue: `import "list"

${eachInCue('components', 'name', 'string')}
_found: true & list.Contains([for c in predicate.components {c.name}], "openssl")`,
    rego0: `isCompliant {
  input.predicate.components[_].name == "openssl"
}`,
    rego1: `isCompliant if {
  some c in input.predicate.components
  c.name == "openssl"
}`,
    satisfied: { components: [{ name: 'zlib' }, { name: 'openssl' }] },
    violated: { components: [{ name: 'zlib' }] },
    missing: {},
    malformed: { components: 'openssl' },
  },
  {
    name: 'a component is not there',
    cel: 'type(predicate.components) == list && predicate.components.all(c, c.name != "log4j-core")',
    cue: eachInCue('components', 'name', 'string & !="log4j-core"'),
    rego0: `ok(c) {
  is_string(c.name)
  c.name != "log4j-core"
}

${allInRego0('components')}`,
    rego1: `isCompliant if {
  is_array(input.predicate.components)
  every c in input.predicate.components {
    is_string(c.name)
    c.name != "log4j-core"
  }
}`,
    satisfied: { components: [{ name: 'zlib' }] },
    violated: { components: [{ name: 'zlib' }, { name: 'log4j-core' }] },
    missing: { components: [{ version: '1' }] },
    malformed: { components: {} },
  },
  {
    name: 'no finding is critical',
    cel: 'predicate.findings.all(c, c.severity in ["LOW", "MEDIUM", "HIGH"])',
    cue: eachInCue('findings', 'severity', '"LOW" | "MEDIUM" | "HIGH"'),
    rego0: `allowed = {"LOW", "MEDIUM", "HIGH"}

ok(c) {
  allowed[c.severity]
}

${allInRego0('findings')}`,
    rego1: `isCompliant if {
  every c in input.predicate.findings {
    c.severity in {"LOW", "MEDIUM", "HIGH"}
  }
}`,
    satisfied: { findings: [{ id: 'CVE-1', severity: 'LOW' }] },
    violated: { findings: [{ id: 'CVE-1', severity: 'CRITICAL' }] },
    missing: { findings: [{ id: 'CVE-1' }] },
    malformed: { findings: [{ id: 'CVE-1', severity: null }] },
  },
  {
    name: 'at most two findings are high',
    cel: 'predicate.findings.filter(f, f.severity == "HIGH").size() <= 2',
    cue: `import "list"

${eachInCue('findings', 'severity', 'string')}
_high: [for f in predicate.findings if f.severity == "HIGH" {f}] & list.MaxItems(2)`,
    rego0: `is_text(f) {
  is_string(f.severity)
}

isCompliant {
  is_array(input.predicate.findings)
  count([f | f := input.predicate.findings[_]; not is_text(f)]) == 0
  count([f | f := input.predicate.findings[_]; f.severity == "HIGH"]) <= 2
}`,
    rego1: `isCompliant if {
  every f in input.predicate.findings {
    is_string(f.severity)
  }
  count([f | some f in input.predicate.findings; f.severity == "HIGH"]) <= 2
}`,
    satisfied: { findings: [{ severity: 'HIGH' }, { severity: 'LOW' }, { severity: 'HIGH' }] },
    violated: { findings: [{ severity: 'HIGH' }, { severity: 'HIGH' }, { severity: 'HIGH' }] },
    missing: { findings: [{}] },
    malformed: { findings: 'none' },
  },
  {
    name: 'VEX says of nothing that it is affected',
    cel: 'predicate.statements.all(c, c.status in ["not_affected", "fixed", "under_investigation"])',
    cue: eachInCue('statements', 'status', '"not_affected" | "fixed" | "under_investigation"'),
    rego0: `allowed = {"not_affected", "fixed", "under_investigation"}

ok(c) {
  allowed[c.status]
}

${allInRego0('statements')}`,
    rego1: `isCompliant if {
  every c in input.predicate.statements {
    c.status in {"not_affected", "fixed", "under_investigation"}
  }
}`,
    satisfied: { statements: [{ status: 'fixed' }] },
    violated: { statements: [{ status: 'fixed' }, { status: 'affected' }] },
    missing: { statements: [{ status: 'fixed' }, {}] },
    malformed: { statements: [{ status: true }] },
  },
  {
    name: 'VEX speaks of one vulnerability, and it is fixed',
    cel: 'predicate.statements.exists(s, s.vulnerability.name == "CVE-2026-1" && s.status == "fixed")',
    cue: `import "list"

${eachInCue('statements', 'status', 'string')}
_each1: [for c in predicate.statements {[if c.vulnerability.name != _|_ {c.vulnerability.name}]}] & [...[string]]
_fixed: [for s in predicate.statements if s.status == "fixed" {s.vulnerability.name}]
_found: true & list.Contains(_fixed, "CVE-2026-1")`,
    rego0: `isCompliant {
  s := input.predicate.statements[_]
  s.vulnerability.name == "CVE-2026-1"
  s.status == "fixed"
}`,
    rego1: `isCompliant if {
  some s in input.predicate.statements
  s.vulnerability.name == "CVE-2026-1"
  s.status == "fixed"
}`,
    satisfied: { statements: [{ vulnerability: { name: 'CVE-2026-1' }, status: 'fixed' }] },
    violated: {
      statements: [
        { vulnerability: { name: 'CVE-2026-1' }, status: 'affected' },
        { vulnerability: { name: 'CVE-2026-2' }, status: 'fixed' },
      ],
    },
    missing: { statements: [{ vulnerability: {}, status: 'fixed' }] },
    malformed: { statements: [{ vulnerability: 'CVE-2026-1', status: 'fixed' }] },
  },
  {
    name: 'what is not affected has a justification',
    cel: 'predicate.statements.all(s, type(s.status) == string && (s.status != "not_affected" || (type(s.justification) == string && s.justification != "")))',
    cue: `${eachInCue('statements', 'status', 'string')}
_why: [for s in predicate.statements if s.status == "not_affected" {[if s.justification != _|_ {s.justification}]}] & [...[string & !=""]]`,
    rego0: `explained(s) {
  is_string(s.status)
  s.status != "not_affected"
}

explained(s) {
  s.status == "not_affected"
  is_string(s.justification)
  s.justification != ""
}

isCompliant {
  is_array(input.predicate.statements)
  count([s | s := input.predicate.statements[_]; not explained(s)]) == 0
}`,
    rego1: `explained(s) if {
  is_string(s.status)
  s.status != "not_affected"
}

explained(s) if {
  s.status == "not_affected"
  is_string(s.justification)
  s.justification != ""
}

isCompliant if {
  every s in input.predicate.statements {
    explained(s)
  }
}`,
    satisfied: {
      statements: [{ status: 'not_affected', justification: 'component_not_present' }, { status: 'fixed' }],
    },
    violated: { statements: [{ status: 'not_affected', justification: '' }] },
    missing: { statements: [{ status: 'not_affected' }] },
    malformed: { statements: [{ status: 'not_affected', justification: 1 }] },
  },
  {
    name: 'every step ran in a place of ours',
    cel: 'type(predicate.steps) == map && predicate.steps.all(k, predicate.steps[k].pool in ["a", "b"])',
    cue: `predicate: _
predicateType: string
_steps: [if predicateType != "" {[if predicate.steps != _|_ {predicate.steps}]}] & [...[{...}]]
_pools: [for s in predicate.steps {[if s.pool != _|_ {s.pool}]}] & [...["a" | "b"]]`,
    rego0: `ours = {"a", "b"}

ok(s) {
  ours[s.pool]
}

isCompliant {
  is_object(input.predicate.steps)
  count([s | s := input.predicate.steps[_]; not ok(s)]) == 0
}`,
    rego1: `isCompliant if {
  is_object(input.predicate.steps)
  every _, s in input.predicate.steps {
    s.pool in {"a", "b"}
  }
}`,
    satisfied: { steps: { build: { pool: 'a' }, test: { pool: 'b' } } },
    violated: { steps: { build: { pool: 'c' } } },
    missing: { steps: { build: {} } },
    malformed: { steps: 'build' },
  },
  {
    name: 'every purl is one',
    cel: 'predicate.components.all(c, c.purl.startsWith("pkg:"))',
    cue: eachInCue('components', 'purl', '=~"^pkg:"'),
    rego0: `ok(c) {
  startswith(c.purl, "pkg:")
}

${allInRego0('components')}`,
    rego1: `isCompliant if {
  every c in input.predicate.components {
    startswith(c.purl, "pkg:")
  }
}`,
    satisfied: { components: [{ purl: 'pkg:npm/a@1' }] },
    violated: { components: [{ purl: 'npm/a@1' }] },
    missing: { components: [{ name: 'a' }] },
    malformed: { components: [{ purl: null }] },
  },
];
