import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError } from './errors.ts';
import { resolveSettings } from './settings.ts';

const timeoutOf = (text: string) =>
  resolveSettings({ flags: { timeoutSeconds: text }, file: {} }, {}, '/home').timeoutSeconds;

test('a timeout is seconds, or a duration as other tools of the field write it', () => {
  for (const [text, seconds] of [
    ['90', 90],
    ['90s', 90],
    ['3m0s', 180],
    ['1h', 3600],
    ['1h2m3s', 3723],
  ] as const)
    assert.equal(timeoutOf(text), seconds, text);
  for (const text of ['0', '0s', '1.5', '3m5', 's', '-3m', '25h'])
    assert.throws(
      () => timeoutOf(text),
      (error: unknown) => error instanceof AppError && error.kind === 'usage' && /timeoutSeconds/.test(error.message),
      text,
    );
});
