import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pageAddress, repositoryAddress, tellablePlace } from './address.ts';

test('an address of a repository is told without how it is fetched, and without who may', () => {
  const cases: Readonly<Record<string, string | undefined>> = {
    'https://github.com/a/b': 'https://github.com/a/b',
    ' git+https://github.com/a/b.git#main ': 'https://github.com/a/b.git',
    'git://example.com/b.git': 'git://example.com/b.git',
    'git@github.com:a/b.git': 'ssh://git@github.com/a/b.git',
    'github.com:a/b.git': 'ssh://git@github.com/a/b.git',
    'git+ssh://git@github.com/a/b.git': 'ssh://git@github.com/a/b.git',
    'ssh://git:secret@github.com/a/b.git': 'ssh://git@github.com/a/b.git',
    'https://ghp_secret@github.com/a/b': 'https://github.com/a/b',
    'https://user:sec@ret@github.com/a/b': 'https://github.com/a/b',
    'https://user:sec/ret@github.com/a/b': undefined,
    'https://user:sec\\ret@github.com/a/b': undefined,
    'https://github.com/a/b?access_token=secret': 'https://github.com/a/b',
    'https://github.com/a/b#token=secret': 'https://github.com/a/b',
    'C:secret': undefined,
    'file:///home/me/b': undefined,
    '../b': undefined,
    UNKNOWN: undefined,
    'https://example.com/${path}': undefined,
    [`https://example.com/${'a'.repeat(3000)}`]: undefined,
  };
  for (const [text, expected] of Object.entries(cases)) assert.equal(repositoryAddress(text), expected, text);
  assert.equal(repositoryAddress(7), undefined);
});

test('an address of a page keeps its query, unless that looks like a key', () => {
  assert.equal(pageAddress('https://example.com/?group_id=1#top'), 'https://example.com/?group_id=1#top');
  assert.equal(pageAddress('https://me:secret@example.com/?private_token=secret'), 'https://example.com/');
  for (const text of ['git://example.com/', 'javascript:alert(1)', 'www.example.com', '', undefined])
    assert.equal(pageAddress(text), undefined);
});

test('a place of a lock file is kept but for who may read it', () => {
  const cases: Readonly<Record<string, string | undefined>> = {
    'file:../a b.tgz': 'file:../a b.tgz',
    'https://me:secret@example.com/@a/b/-/b-1.tgz#sha': 'https://example.com/@a/b/-/b-1.tgz#sha',
    'https://example.com/b.tgz?private_token=secret#sha': 'https://example.com/b.tgz#sha',
    'https://example.com/b.tgz?ref=1#sha': 'https://example.com/b.tgz?ref=1#sha',
    'git+ssh://git:secret@example.com/b.git#main': 'git+ssh://git@example.com/b.git#main',
    'https://me:sec/ret@example.com/b.tgz': undefined,
  };
  for (const [text, expected] of Object.entries(cases)) assert.equal(tellablePlace(text), expected, text);
});
