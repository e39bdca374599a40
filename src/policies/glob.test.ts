import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseReference } from '../core/index.ts';
import { dataSet, needsSharedData } from '../../test/shared-data.ts';
import { compileGlob } from './glob.ts';

function matches(glob: string, image: string): boolean {
  return compileGlob(glob, 'glob')(parseReference(image), image);
}

interface Row {
  readonly image: string;
  readonly glob: string;
  readonly match: boolean;
  readonly error: boolean;
}

test('compileGlob decides the published table of policy-controller', needsSharedData, () => {
  const file = join(dataSet('policy'), 'clusterimagepolicy/vectors/glob-match.json');
  const rows = JSON.parse(readFileSync(file, 'utf8')) as readonly Row[];
  assert.equal(rows.length, 42);
  for (const { image, glob, match, error } of rows) {
    if (error) assert.throws(() => matches(glob, image), { kind: 'invalid-input' }, `${image} ${glob}`);
    else assert.equal(matches(glob, image), match, `${image} ${glob}`);
  }
});

test('a glob is anchored: a look-alike host does not match', () => {
  assert.equal(matches('ghcr.io/app/**', 'evil.example/ghcr.io/app/x'), false);
  assert.equal(matches('docker.io/**', 'docker.io.evil.com/x'), false);
});

test('a tag glob still matches once the digest is pinned', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  assert.equal(matches('ghcr.io/app/web:1.*', `ghcr.io/app/web:1.2@${digest}`), true);
  assert.equal(matches('ghcr.io/app/web@sha256:*', `ghcr.io/app/web:1.2@${digest}`), true);
});

test('writing a name another way evades no glob', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  for (const image of [
    'nginx',
    'nginx:latest',
    'docker.io/nginx',
    'INDEX.docker.io/library/nginx',
    'index.docker.io:443/library/nginx',
  ]) {
    for (const written of [image, `${image}@${digest}`]) {
      assert.equal(matches('index.docker.io/library/nginx:latest', written), true, written);
      assert.equal(matches('docker.io/library/nginx:*', written), true, written);
      assert.equal(matches('*', written), true, written);
    }
  }
  assert.equal(matches('r.example/team/**', 'R.example:0443/team/app:1'), true);
  assert.equal(matches('r.example/team/**', 'r.example:8443/team/app:1'), false);
});

test('a glob that fits a name fits it with the digest pinned too', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const globs = ['ghcr.io/app/web', 'ghcr.io/app/web:latest', 'ghcr.io/**', 'ghcr.io/*/web:*'];
  for (const glob of globs) {
    assert.equal(matches(glob, 'ghcr.io/app/web'), true, glob);
    assert.equal(matches(glob, `ghcr.io/app/web@${digest}`), true, glob);
  }
  assert.equal(matches('ghcr.io/app/web:1', `ghcr.io/app/web:2@${digest}`), false);
});

test('one star alone is an official image, two are anybody else on Docker Hub, not other registries', () => {
  assert.equal(matches('*', 'team/app'), false);
  assert.equal(matches('*/*', 'team/app'), true);
  assert.equal(matches('*/*', 'ghcr.io/app'), false);
});

test('one star does not cross a slash', () => {
  assert.equal(matches('ghcr.io/*', 'ghcr.io/a/b'), false);
  assert.equal(matches('ghcr.io/*/*', 'ghcr.io/a/b'), true);
});

test('compileGlob refuses what is too long', () => {
  assert.throws(() => compileGlob('a'.repeat(1025), 'glob'), { kind: 'invalid-input' });
});

test('no name makes a glob slow, whatever its wildcards', () => {
  const start = performance.now();
  assert.equal(matches(`${'**a'.repeat(30)}**@x`, `r.test/${'a'.repeat(240)}`), false);
  assert.ok(performance.now() - start < 1000);
});
