import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOutput } from './output.ts';

function print(text: string, isTerminal: boolean): string {
  let written = '';
  const write = (content: Uint8Array | string) => void (written += String(content));
  const streams = { write, writeError: write, isTerminal, isErrorTerminal: isTerminal };
  const output = createOutput(streams, { json: false, noColor: false });
  output.result(undefined, `${output.paint('good', 'ok')} ${text}`);
  output.note(text);
  return written;
}

test('foreign text does not steer a terminal; where there is none, it stays as it is', () => {
  const foreign = 'a\u001b]0;title\u0007\u009b2J\r\u202eb\tc';
  const shown = 'a�]0;title��2J��b\tc';
  assert.equal(print(foreign, true), `\u001b[32mok\u001b[0m ${shown}\n${shown}\n`);
  assert.equal(print(foreign, false), `ok ${foreign}\n${foreign}\n`);
});
