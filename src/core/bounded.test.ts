import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runBounded, runForOwnTime } from './bounded.ts';

const spin = (milliseconds: number) => {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
};
const hold = (milliseconds: number) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);

test('work that does not end is stopped, and its errors are told', () => {
  assert.equal(runBounded(() => spin(10_000), 20).kind, 'failed');
  assert.deepEqual(
    runBounded(() => 7, 1000),
    { kind: 'done', value: 7 },
  );
  assert.deepEqual(
    runBounded(() => {
      throw new Error('no');
    }, 1000),
    { kind: 'failed', message: 'no', isLate: false },
  );
});

test('work that was held up is begun again, work that takes its own time is not', () => {
  let runs = 0;
  const heldUp = () => {
    runs += 1;
    // waits without a processor, as a program does that the system does not let run
    if (runs === 1) hold(300);
    return 'done';
  };
  assert.deepEqual(runForOwnTime(heldUp, 100), { kind: 'done', value: 'done' });
  let busy = 0;
  const outcome = runForOwnTime(() => {
    busy += 1;
    spin(10_000);
  }, 50);
  assert.equal(outcome.kind, 'failed');
  assert.ok(busy < 50);
});
