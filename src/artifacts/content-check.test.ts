import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError, digestOf } from '../core/index.ts';
import { checked, ContentCheck } from './content-check.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const blob = { mediaType: 'text/plain', digest: digestOf('content'), size: 7 };

function says(message: string) {
  return (error: unknown) => error instanceof AppError && error.kind === 'invalid-input' && error.message === message;
}

test('content is taken in any pieces when it is what its descriptor says', async () => {
  const pieces = [bytes('con'), bytes(''), bytes('tent')];
  const taken: Uint8Array[] = [];
  for await (const chunk of checked(pieces, blob, 'here')) taken.push(chunk);
  assert.deepEqual(taken, pieces);
});

test('too much is refused before it is hashed or passed on, too little and the wrong at the end', async () => {
  const check = new ContentCheck(blob, 'here');
  check.update(bytes('content'));
  assert.throws(() => check.update(bytes('!')), says('here: expected 7 bytes, found more'));
  const read = async (...pieces: readonly string[]) => {
    let taken = '';
    for await (const chunk of checked(pieces.map(bytes), blob, 'here')) taken += new TextDecoder().decode(chunk);
    return taken;
  };
  await assert.rejects(read('conten'), says('here: expected 7 bytes, found 6'));
  await assert.rejects(read('CONTENT'), says(`here: expected its digest, found ${digestOf('CONTENT')}`));
});
