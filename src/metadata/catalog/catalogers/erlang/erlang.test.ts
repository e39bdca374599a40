import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AppError } from '../../../../core/index.ts';
import { createMemoryTree } from '../../../../core/testing.ts';
import { catalogSelector, catalogTree } from '../../index.ts';
import { parseTerms } from './terms.ts';

const catalog = async (files: Readonly<Record<string, string>>) =>
  await catalogTree(createMemoryTree(files, catalogSelector), { declared: true });

test('packages of Hex have the hash of their archive and their needs, repositories their commit', async () => {
  const hash = 'ab'.repeat(32);
  const found = await catalog({
    'mix.lock': `%{
  "a": {:hex, :a, "1.0.0", "00", [:mix], [{:b, "~> 1.0", [hex: :b, repo: "hexpm", optional: false]}], "hexpm", "${hash}"},
  "b": {:git, "https://x.org/b.git", "0123", [ref: "0123"]},
  "c": {:path, "../c", []},
}`,
  });
  const b = 'pkg:hex/b@0123?vcs_url=git%2Bhttps:%2F%2Fx.org%2Fb.git%400123';
  assert.deepEqual(
    found.components.map(({ id, kind, hashes }) => [id, kind, hashes[0]?.value]),
    [
      ['pkg:hex/a@1.0.0', 'library', hash],
      [b, 'library', undefined],
      ['mix-lock:c@', 'application', undefined],
    ],
  );
  assert.deepEqual(found.dependencies, [{ from: 'pkg:hex/a@1.0.0', to: [b] }]);
});

test('applications of OTP need each other wherever they lie', async () => {
  const app = (name: string, needs: string) => `{application, ${name}, [{vsn, "1.0"}, {applications, [${needs}]}]}.`;
  const found = await catalog({
    'opt/tool/lib/tool-1.0/ebin/tool.app': app('tool', 'kernel, stdlib'),
    'usr/lib/erlang/lib/stdlib-5.0/ebin/stdlib.app': app('stdlib', ''),
  });
  assert.deepEqual(found.dependencies, [{ from: 'pkg:otp/tool@1.0', to: ['pkg:otp/stdlib@1.0'] }]);
});

test('terms that do not end are refused in time that grows with their length', () => {
  for (const text of ['{a', '[1,', '%{a => ', '"text', '{a b}', '['.repeat(10_000), '"' + '\\"'.repeat(500_000)]) {
    assert.throws(
      () => parseTerms(text, 'x'),
      (thrown: unknown) => thrown instanceof AppError && thrown.kind === 'invalid-input',
    );
  }
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const quoted = `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
      assert.deepEqual(parseTerms(`{${quoted}, [${quoted}]}.`, 'x'), [
        { kind: 'tuple', items: [text, { kind: 'list', items: [text] }] },
      ]);
    }),
  );
});
