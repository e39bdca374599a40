import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { test } from 'node:test';

/** Which rooms a room may import besides itself: the table of ARCHITECTURE.md as a literal. Longest name wins. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  io: ['core'],
  artifacts: ['core'],
  cluster: ['core'],
  'trust/crypto': ['core'],
  'metadata/ecosystem': ['core'],
  'policies/interpreters': ['core'],
  attestations: ['core', 'trust/crypto'],
  'metadata/sbom': ['core', 'metadata/ecosystem'],
  'metadata/advisory': ['core', 'metadata/ecosystem'],
  'metadata/catalog': ['core', 'metadata/ecosystem', 'metadata/sbom'],
  'metadata/match': ['core', 'metadata/ecosystem', 'metadata/sbom', 'metadata/advisory'],
  trust: ['core', 'artifacts', 'attestations', 'trust/crypto'],
  policies: ['core', 'policies/interpreters'],
  graph: ['core', 'attestations', 'metadata/sbom', 'metadata/advisory'],
  app: [
    'core',
    'artifacts',
    'cluster',
    'trust/crypto',
    'metadata/ecosystem',
    'metadata/sbom',
    'metadata/advisory',
    'metadata/catalog',
    'metadata/match',
    'attestations',
    'trust',
    'policies',
    'policies/interpreters',
    'graph',
  ],
  cli: ['core', 'app'],
  server: ['core', 'app', 'cluster'],
};

/** Node's modules that touch the world, and the rooms that may use them. All others go through the ports of core. */
const EFFECTS: Readonly<Record<string, readonly string[]>> = {
  'node:fs': ['io', 'main'],
  'node:fs/promises': ['io', 'main'],
  'node:http': ['io'],
  'node:https': ['io'],
  'node:net': ['io'],
  'node:tls': ['io'],
  'node:dns': ['io'],
  'node:child_process': ['io'],
  'node:worker_threads': ['io'],
  'node:sqlite': ['graph', 'metadata/advisory'],
};

interface Import {
  readonly file: string;
  readonly target: string;
}

const root = join(import.meta.dirname, '..');
const ROOMS = Object.keys(ARROWS).sort((a, b) => b.length - a.length);

/** The room of a path under src/. */
function roomOf(path: string): string {
  return (
    ROOMS.find((room) => path.startsWith(`${room}/`)) ??
    (['launch.ts', 'main.ts', 'worker.ts'].includes(path) ? 'main' : `outside every room: ${path}`)
  );
}

function importsOf(file: string, text: string): Import[] {
  const pattern =
    /(?:^|\n)\s*(?:import|export)\b[^'";]*?from\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)|(?:^|\n)\s*import\s*'([^']+)'/g;
  return [...text.matchAll(pattern)].map((match) => ({ file, target: match[1] ?? match[2] ?? match[3] ?? '' }));
}

/** Why an import is out of line, or undefined. Paths are relative to src/. */
function faultOf({ file, target }: Import): string | undefined {
  const from = roomOf(file);
  const isTest = file.endsWith('.test.ts') || file.endsWith('testing.ts');
  if (target.startsWith('node:')) {
    const allowed = EFFECTS[target];
    return allowed === undefined || isTest || allowed.includes(from) ? undefined : `${file} -> ${target}`;
  }
  if (!target.startsWith('.')) return undefined;
  const path = relative('src', join('src', dirname(file), target))
    .split(sep)
    .join('/');
  if (isTest && (path.startsWith('../test/') || path.endsWith('testing.ts'))) return undefined;
  const to = roomOf(path);
  if (from === to || from === 'main') return undefined;
  const isDoor = path.endsWith('/index.ts') || to === 'app';
  return ARROWS[from]?.includes(to) === true && isDoor ? undefined : `${file} -> ${path}`;
}

function sourceFiles(): string[] {
  return readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .map((path) => path.split(sep).join('/'))
    .filter((path) => path.endsWith('.ts'));
}

/** Deep text that ends in an error crashes V8's JSON.parse; these read only what this program wrote, or literals of one token. */
const OWN_JSON: ReadonlySet<string> = new Set([
  'core/decode.ts',
  'core/yaml.ts',
  'metadata/advisory/store.ts',
  'graph/sqlite.ts',
  'app/tell-graph.ts',
  'artifacts/server/access.ts',
  'policies/interpreters/rego/builtins/graphql/lexer.ts',
  'policies/interpreters/rego/parser-terms.ts',
  'policies/interpreters/cue/json.ts',
]);

test('foreign JSON is parsed in one place, which looks at its depth', () => {
  const parsing = sourceFiles().filter(
    (file) => !/test(?:ing)?\.ts$/.test(file) && readFileSync(join(root, 'src', file), 'utf8').includes('JSON.parse('),
  );
  assert.deepEqual(new Set(parsing.filter((file) => !file.startsWith('ui/'))), OWN_JSON);
});

test('every import in src follows an arrow', () => {
  const files = sourceFiles();
  assert.ok(files.length > 20, 'the sources were found');
  const faults = files.flatMap((file) =>
    importsOf(file, readFileSync(join(root, 'src', file), 'utf8'))
      .map(faultOf)
      .filter((fault) => fault !== undefined),
  );
  assert.deepEqual(faults, []);
});

test('a crossed arrow is found in every form of import', () => {
  const crossed = [
    "import { admit } from '../app/index.ts';",
    "export { admit } from '../app/index.ts';",
    "const x = await import('../app/index.ts');",
    "import type {\n  Admit,\n} from '../app/index.ts';",
    "import '../app/index.ts';",
  ];
  for (const text of crossed) {
    const faults = importsOf('core/digest.ts', text).map(faultOf);
    assert.deepEqual(faults, ['core/digest.ts -> app/index.ts'], text);
  }
});

test('a room is entered only by its index, and the world only by io', () => {
  assert.equal(
    faultOf({ file: 'trust/verify.ts', target: '../artifacts/client.ts' }),
    'trust/verify.ts -> artifacts/client.ts',
  );
  assert.equal(faultOf({ file: 'trust/verify.ts', target: '../artifacts/index.ts' }), undefined);
  assert.equal(faultOf({ file: 'policies/compile.ts', target: 'node:fs' }), 'policies/compile.ts -> node:fs');
  assert.equal(faultOf({ file: 'io/files.ts', target: 'node:fs' }), undefined);
  assert.equal(faultOf({ file: 'policies/cip.ts', target: '../trust/index.ts' }), 'policies/cip.ts -> trust/index.ts');
});

test('nothing imports main.ts', () => {
  const faults = sourceFiles().filter((file) =>
    importsOf(file, readFileSync(join(root, 'src', file), 'utf8')).some(
      ({ target }) => target.startsWith('.') && resolve('/', dirname(file), target) === '/main.ts',
    ),
  );
  assert.deepEqual(faults, []);
});
