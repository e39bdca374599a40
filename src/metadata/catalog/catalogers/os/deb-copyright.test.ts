import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCopyright } from './deb-copyright.ts';

test('licence fields of the machine-readable form become SPDX ids', () => {
  const text =
    'Files: *\nLicense: GPL-2+ or Expat\n\nFiles: b\nLicense: BSD-3-clause\n text\n\nLicense: LGPL-2.1, custom';
  assert.deepEqual(parseCopyright(text), ['BSD-3-Clause', 'GPL-2.0-or-later', 'LGPL-2.1-only', 'MIT', 'custom']);
});

test('the free form is read by the common licences that it points to', () => {
  assert.deepEqual(parseCopyright('see /usr/share/common-licenses/GPL-3.\n'), ['GPL-3.0-only']);
  assert.deepEqual(parseCopyright('nothing to see'), []);
});

test('a hostile line is cut, not split for ever', () => {
  const started = performance.now();
  parseCopyright(`License: a${' '.repeat(1_000_000)}b`);
  assert.ok(performance.now() - started < 500);
});
