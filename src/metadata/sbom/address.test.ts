import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pageAddress, repositoryAddress, tellablePlace, tellableText } from './address.ts';

test('an address of a repository is told without how it is fetched, and without who may', () => {
  const cases: Readonly<Record<string, string | undefined>> = {
    'https://github.com/a/b': 'https://github.com/a/b',
    ' git+https://github.com/a/b.git#main ': 'https://github.com/a/b.git',
    'git://example.com/b.git': 'git://example.com/b.git',
    'git@github.com:a/b.git': 'ssh://git@github.com/a/b.git',
    'github.com:a/b.git': 'ssh://git@github.com/a/b.git',
    'git+ssh://git@github.com/a/b.git': 'ssh://git@github.com/a/b.git',
    'ssh://git:secret@github.com/a/b.git': 'ssh://git@github.com/a/b.git',
    'git+ssh://git@github.com:a/b.git#abc': 'ssh://git@github.com/a/b.git',
    'ssh://git@github.com:22/a/b.git': 'ssh://git@github.com:22/a/b.git',
    'ssh://me@example.com:sec/ret@github.com/a': undefined,
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
  assert.equal(pageAddress('https://example.com/?a=1#access_token=secret'), 'https://example.com/?a=1');
  assert.equal(pageAddress('https://example.com/?a?jwt=secret'), 'https://example.com/');
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
    ' HTTPS://me:secret@example.com/b.tgz': 'HTTPS://example.com/b.tgz',
    'https://example.com/b.tgz#a=1&private_token=secret': 'https://example.com/b.tgz',
    'https://example.com/b.tgz#sha512-keypass==': 'https://example.com/b.tgz#sha512-keypass==',
    'https:/me:secret@example.com/b.tgz': undefined,
    'https:me:secret@example.com/b.tgz': undefined,
    '//me:secret@example.com/b.tgz': undefined,
    'git::https://me:secret@example.com/b.git': undefined,
    'git@example.com:a/b.git': 'git@example.com:a/b.git',
    'npm:real@1.0.0': 'npm:real@1.0.0',
  };
  for (const [text, expected] of Object.entries(cases)) assert.equal(tellablePlace(text), expected, text);
});

test('a message that quotes addresses does not say who may read them', () => {
  const cases: Readonly<Record<string, string>> = {
    'found "https://me:secret@example.com/a", none': 'found "https://example.com/a", none',
    'foo@https://secret@example.com/a 1.0': 'foo@https://example.com/a 1.0',
    'https://me:x/secret@example.com/a b': 'https://example.com/a b',
    'https://me:x#secret@example.com/a': 'https://example.com/a',
    // cut short before the end of the user
    'found "https://me:secre"': 'found "https://"',
    [`found "https://${'secret'.repeat(12)}"`]: 'found "https://"',
    'https://example.com/a?b=1&private_token=secret#c': 'https://example.com/a?b=1&private_token=…#c',
    'https://example.com:8080/@scope/b, https://[::1]:80/a': 'https://example.com:8080/@scope/b, https://[::1]:80/a',
    'a@b: expected name@version': 'a@b: expected name@version',
  };
  for (const [text, expected] of Object.entries(cases)) assert.equal(tellableText(text), expected, text);
});

test('a long message is looked through in time that grows with its length', () => {
  for (const part of ['://', '://a:', '?', '&key', '://a:b/c', '#token'])
    assert.equal(typeof tellableText(part.repeat(20_000)), 'string');
});
