import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { AppError } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { predicateFromFile, predicateTypeOf } from '../attestations/index.ts';
import { createProvenance } from './provenance.ts';
import type { ProvenanceInput } from './provenance.ts';

const commit = 'c'.repeat(40);
const at = new Date('2026-01-02T03:04:05.678Z');

const input: ProvenanceInput = {
  builderId: 'https://ci.example.com/runner',
  buildType: 'https://example.com/make/v1',
  externalParameters: { target: 'all' },
  materials: [],
};

interface Dependencies {
  readonly buildDefinition: { readonly resolvedDependencies: readonly unknown[] };
}

/** A work tree from a map of files. */
async function setUp(files: Readonly<Record<string, string>> = {}) {
  const ports = createTestPorts({ clock: () => at });
  for (const [path, content] of Object.entries(files)) {
    await ports.files.makeFolder(join(ports.home, path, '..'));
    await ports.files.writeAtomic(join(ports.home, path), content);
  }
  const dependencies = async (source: string): Promise<readonly unknown[]> => {
    const predicate = await createProvenance(ports, { ...input, source: join(ports.home, source) });
    return (predicate as unknown as Dependencies).buildDefinition.resolvedDependencies;
  };
  return { ports, dependencies };
}

test('provenance is a valid predicate that repeats what was given', async () => {
  const { ports } = await setUp();
  const predicate = await createProvenance(ports, {
    ...input,
    materials: [`pkg:npm/left@1.0.0@sha256:${'a'.repeat(64)}`, `git+https://x.example/r@gitCommit:${commit}`],
    invocationId: 'run-1',
    startedOn: '2026-01-02T03:00:00+00:00',
  });
  assert.deepEqual(predicate, {
    buildDefinition: {
      buildType: input.buildType,
      externalParameters: { target: 'all' },
      resolvedDependencies: [
        { uri: 'pkg:npm/left@1.0.0', digest: { sha256: 'a'.repeat(64) } },
        { uri: 'git+https://x.example/r', digest: Object.assign(Object.create(null), { gitCommit: commit }) },
      ],
    },
    runDetails: {
      builder: { id: input.builderId },
      metadata: { invocationId: 'run-1', startedOn: '2026-01-02T03:00:00Z', finishedOn: '2026-01-02T03:04:05Z' },
    },
  });
  const bytes = new TextEncoder().encode(JSON.stringify(predicate));
  predicateFromFile(predicateTypeOf('slsaprovenance1'), bytes, { what: 'provenance', at });
});

test('the commit of a work tree is read from loose refs, packed refs, a detached head and linked work trees', async () => {
  const { dependencies } = await setUp({
    'loose/.git/HEAD': 'ref: refs/heads/main\n',
    'loose/.git/refs/heads/main': `${commit}\n`,
    'loose/.git/config': '[remote "origin"]\n\turl = https://user:token@x.example/team/r.git\n[branch "main"]\n',
    'loose/src/deep/file': '',
    'packed/.git/HEAD': 'ref: refs/heads/main\n',
    'packed/.git/packed-refs': `# pack-refs\n${'d'.repeat(40)} refs/heads/other/refs/heads/main\n${commit} refs/heads/main\n`,
    'packed/.git/config': '[remote "origin"]\n\turl = git@x.example:team/r.git\n',
    'detached/.git/HEAD': `${commit}\n`,
    'linked/.git': 'gitdir: ../loose/.git/worktrees/linked\n',
    'loose/.git/worktrees/linked/HEAD': 'ref: refs/heads/main\n',
    'loose/.git/worktrees/linked/commondir': '../..\n',
  });
  const digest = { gitCommit: commit };
  const https = [{ uri: 'git+https://x.example/team/r.git@refs/heads/main', digest }];
  assert.deepEqual(await dependencies('loose'), https);
  assert.deepEqual(await dependencies('loose/src/deep'), https);
  assert.deepEqual(await dependencies('linked'), https);
  assert.deepEqual(await dependencies('packed'), [
    { uri: 'git+ssh://git@x.example/team/r.git@refs/heads/main', digest },
  ]);
  assert.deepEqual(await dependencies('detached'), [{ name: 'source', digest }]);
});

test('a branch without commits, a strange head and a folder without git are errors, never a guess', async () => {
  const { dependencies } = await setUp({
    'new/.git/HEAD': 'ref: refs/heads/main\n',
    'strange/.git/HEAD': 'ref: ../../etc/passwd\n',
    'climbing/.git/HEAD': 'ref: refs/../../commit\n',
    'climbing/commit': `${commit}\n`,
    'loop/.git/HEAD': 'ref: refs/heads/a\n',
    'loop/.git/refs/heads/a': 'ref: refs/heads/a\n',
  });
  for (const [source, kind] of [
    ['new', 'not-found'],
    ['strange', 'invalid-input'],
    ['climbing', 'invalid-input'],
    ['loop', 'invalid-input'],
    ['', 'not-found'],
  ] as const) {
    await assert.rejects(dependencies(source), (error) => error instanceof AppError && error.kind === kind, source);
  }
});

test('what is not a URI, a digest or a time is refused as usage', async () => {
  const { ports } = await setUp();
  const wrong: readonly Partial<ProvenanceInput>[] = [
    { builderId: 'runner' },
    { buildType: '' },
    { materials: ['pkg:npm/x'] },
    { materials: ['@sha256:aa'] },
    { startedOn: 'yesterday' },
    { startedOn: '2026-01-02' },
    { startedOn: '2026-01-03T00:00:00Z', finishedOn: '2026-01-02T00:00:00Z' },
  ];
  for (const change of wrong) {
    await assert.rejects(
      createProvenance(ports, { ...input, ...change }),
      (error) => error instanceof AppError && error.kind === 'usage',
      JSON.stringify(change),
    );
  }
  await assert.rejects(
    createProvenance(ports, { ...input, materials: ['pkg:npm/x@sha256:AA'] }),
    (error) => error instanceof AppError && error.kind === 'invalid-input',
  );
});
