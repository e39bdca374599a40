import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProgress } from './progress.ts';

function setUp(columns?: number, color = false) {
  const written: string[] = [];
  let time = 0;
  const progress = createProgress({
    write: (text) => void written.push(text),
    now: () => time,
    columns: columns === undefined ? undefined : () => columns,
    color,
  });
  return { written, progress, wait: (milliseconds: number) => (time += milliseconds) };
}

const ITEM = `sha256:${'a'.repeat(64)}`;

test('without a terminal each item gets one line, when it is finished', () => {
  const { written, progress } = setUp();
  for (const done of [0, 1_000_000, 2_000_000, 2_000_000]) {
    progress({ item: ITEM, action: 'copy', done, total: 2_000_000 });
  }
  progress({ item: 'other', action: 'read', done: 5 });
  assert.deepEqual(written, [`copy ${ITEM} 2.00 MB\n`]);
});

test('a terminal shows a bar with bytes and speed for what moves and a line for all, and nothing in the end', () => {
  const { written, progress, wait } = setUp(120);
  progress({ item: ITEM, action: 'copy', done: 0, total: 2_000_000 });
  progress({ item: 'sha256:b', action: 'copy', done: 0, total: 1000 });
  progress({ item: ITEM, action: 'copy', done: 500_000, total: 2_000_000 });
  wait(1000);
  progress({ item: ITEM, action: 'copy', done: 1_000_000, total: 2_000_000 });
  assert.equal(
    written.at(-1),
    `\u001B[1A\r\u001B[Jcopy sha256:${'a'.repeat(12)} [##########..........] 1.00 MB of 2.00 MB, 1.00 MB/s\n` +
      '0 of 2 done, 1.00 MB of 2.00 MB, 1.00 MB/s\n',
  );
  progress({ item: ITEM, action: 'copy', done: 2_000_000, total: 2_000_000 });
  progress({ item: 'sha256:b', action: 'copy', done: 1000, total: 1000 });
  assert.equal(written.at(-1), '\u001B[2A\r\u001B[J');
});

test('drawings are a tenth of a second apart, no line is wider than the terminal, and colours are only there when wanted', () => {
  const { written, progress, wait } = setUp(30, true);
  progress({ item: ITEM, action: 'copy', done: 0, total: 10 });
  progress({ item: ITEM, action: 'copy', done: 1, total: 10 });
  assert.equal(written.length, 1);
  wait(100);
  progress({ item: ITEM, action: 'copy', done: 5, total: 10 });
  const [bar = ''] = (written.at(-1) ?? '').replace('\u001B[1A\r\u001B[J', '').split('\n');
  // oxlint-disable-next-line no-control-regex
  assert.equal(bar.replaceAll(/\u001B\[\d+m/g, '').length, 29);
  assert.ok(bar.includes('\u001B[32m'));
});
