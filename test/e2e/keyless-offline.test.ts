/** Verification by certificate identity opens no socket: it runs where Node itself forbids the network. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { saveTestImage } from '../conformance/saved-image.ts';
import { dataSet, needsSharedData } from '../shared-data.ts';

const main = join(import.meta.dirname, '../../src/main.ts');

test('a saved image verifies without the network, which any use of it would show', needsSharedData, () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-offline-'));
  try {
    const path = join(folder, 'saved');
    saveTestImage(path);
    const run = (...words: readonly string[]) => {
      const permissions = ['--permission', '--allow-fs-read=*', `--allow-fs-write=${folder}`];
      const who = ['--certificate-identity', 'philipp.belitz@securesystems.de'];
      const issuer = ['--certificate-oidc-issuer', 'https://github.com/login/oauth'];
      const root = ['--trusted-root', join(dataSet('sigstore'), 'trust/public-good/trusted_root.json')];
      const args = [
        '--disable-warning=ExperimentalWarning',
        ...permissions,
        main,
        'verify',
        ...root,
        ...who,
        ...issuer,
      ];
      const environment = { PATH: process.env['PATH'], HOME: folder, NODE_COMPILE_CACHE: join(folder, 'compiled') };
      return spawnSync(process.execPath, [...args, ...words], { encoding: 'utf8', env: environment });
    };
    const saved = run('--offline', '--local-image', path);
    assert.equal(saved.status, 0, saved.stderr);
    assert.match(saved.stdout, /philipp\.belitz@securesystems\.de/);
    const asked = run('--timeout', '1', 'localhost:9/app:v1');
    assert.equal(asked.status, 6);
    assert.match(asked.stderr, /ERR_ACCESS_DENIED|out of time/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
