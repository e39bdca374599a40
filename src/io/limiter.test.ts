import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLimiter } from './limiter.ts';

/** Enters so many times; gives how many got in, and their ways out. */
async function enterMany(limiter: ReturnType<typeof createLimiter>, count: number, host = 'h') {
  const inside: ((status?: number) => void)[] = [];
  for (let index = 0; index < count; index += 1) void limiter.enter(host).then((leave) => inside.push(leave));
  await new Promise(setImmediate);
  return inside;
}

test('a host gets a bounded number of requests at a time, each host its own', async () => {
  const limiter = createLimiter();
  const inside = await enterMany(limiter, 100);
  assert.equal(inside.length, 32);
  assert.equal((await enterMany(limiter, 5, 'other')).length, 5);
  inside[0]?.(200);
  await new Promise(setImmediate);
  assert.equal(inside.length, 33);
});

test('a host that has had too many gets half, down to one, and slowly more again', async () => {
  const limiter = createLimiter();
  for (const leave of await enterMany(limiter, 32)) leave(429);
  const one = await enterMany(limiter, 10);
  assert.ok(one.length === 1, `${one.length}`);
  for (let done = 0; done < 10; done += 1) {
    one[done]?.(200);
    await new Promise(setImmediate);
  }
  assert.deepEqual(one.length, 10);
  const more = await enterMany(limiter, 32);
  assert.ok(more.length > 1 && more.length < 32, `${more.length}`);
});

test('a request without an answer makes room too', async () => {
  const limiter = createLimiter();
  const inside = await enterMany(limiter, 33);
  assert.equal(inside.length, 32);
  inside[0]?.();
  await new Promise(setImmediate);
  assert.equal(inside.length, 33);
});
