import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { createMemoryTree } from '../../../../core/testing.ts';
import { crates, elfFile, wasmFile } from '../../executable/testing.ts';
import { catalogSelector, catalogTree } from '../../index.ts';

const program = (content: Uint8Array) => ({ 'usr/bin/tool': { content, mode: 0o755 } });
const catalog = async (files: Parameters<typeof createMemoryTree>[0]) =>
  await catalogTree(createMemoryTree(files, catalogSelector), { declared: true });

const LIST = {
  packages: [
    { name: 'tool', version: '0.1.0', source: 'local', root: true, dependencies: [1, 2] },
    { name: 'serde', version: '1.0.1', source: 'crates.io' },
    { name: 'cc', version: '1.0.2', source: 'registry', kind: 'build' },
  ],
};

test('a program built with cargo-auditable gives its crates, their edges and what only built it', async () => {
  for (const content of [elfFile('.dep-v0', crates(LIST)), wasmFile('.dep-v0', crates(LIST))]) {
    const found = await catalog(program(content));
    assert.deepEqual(
      found.components.map(({ name, purl, scope, kind }) => [name, purl, scope, kind]),
      [
        ['tool', undefined, 'runtime', 'application'],
        ['serde', 'pkg:cargo/serde@1.0.1', 'runtime', 'library'],
        ['cc', 'pkg:cargo/cc@1.0.2', 'development', 'library'],
      ],
    );
    assert.deepEqual(found.dependencies, [
      { from: 'rust-binary:tool@0.1.0', to: ['pkg:cargo/serde@1.0.1', 'pkg:cargo/cc@1.0.2'] },
    ]);
  }
});

test('a list that is damaged, or swells beyond its ceiling, is said to be skipped', async () => {
  for (const content of [Buffer.from('no zlib'), deflateSync(Buffer.alloc(9 * 1024 * 1024)), crates([1]), crates({})]) {
    const found = await catalog(program(elfFile('.dep-v0', content)));
    assert.equal(found.components.length, 0);
    assert.equal(found.skipped[0]?.path, 'usr/bin/tool');
  }
});

const REGISTRY = 'source = "registry+https://github.com/rust-lang/crates.io-index"';
const LOCK = `version = 3
[[package]]
name = "app"
version = "0.1.0"
dependencies = ["both", "built", "dev", "used 2.0.0"]

${['both 1.0.0', 'built 1.0.0', 'dev 1.0.0', 'used 1.0.0', 'used 2.0.0']
  .map((crate) => crate.split(' '))
  .map(([name, version]) => `[[package]]\nname = "${name}"\nversion = "${version}"\n${REGISTRY}\n`)
  .join('\n')}`;
const MANIFEST = `[package]
name = "app"
version = "0.1.0"
[dependencies]
alias = { package = "used", version = "2" }
[target.'cfg(unix)'.dependencies]
both = "1"
[dev-dependencies]
both = "1"
dev = "1"
[build-dependencies]
built = "1"
`;

test('a manifest tells which crates are only for building and testing; without it all count', async () => {
  const scopes = async (files: Readonly<Record<string, string>>) => {
    const { components } = await catalog(files);
    return components.filter(({ scope }) => scope === 'development').map(({ purl }) => purl);
  };
  assert.deepEqual(await scopes({ 'Cargo.lock': LOCK, 'Cargo.toml': MANIFEST }), [
    'pkg:cargo/built@1.0.0',
    'pkg:cargo/dev@1.0.0',
    'pkg:cargo/used@1.0.0',
  ]);
  assert.deepEqual(await scopes({ 'Cargo.lock': LOCK }), []);
  const { components, dependencies } = await catalog({ 'Cargo.lock': LOCK });
  assert.deepEqual(components.find(({ name }) => name === 'both')?.locations[0]?.lines, [7, 10]);
  assert.equal(dependencies[0]?.to.includes('pkg:cargo/used@2.0.0'), true);
  assert.equal(components.find(({ name }) => name === 'app')?.purl, undefined);
});

test('checksums of the first version of lock files, which has them apart, are kept', async () => {
  const sum = 'a'.repeat(64);
  const lock = `[[package]]\nname = "a"\nversion = "1"\n${REGISTRY}\n[metadata]\n"checksum a 1 (registry+https://github.com/rust-lang/crates.io-index)" = "${sum}"\n`;
  const { components } = await catalog({ 'Cargo.lock': lock });
  assert.deepEqual(components[0]?.hashes, [{ algorithm: 'sha256', value: sum }]);
});
