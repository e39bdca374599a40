import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError, type ErrorKind } from '../../core/index.ts';
import { Backoff } from './backoff.ts';

const POLICY = { attempts: 4, delay: 1, budget: 5000, stall: 1 };

function setUp(policy = POLICY, signal?: AbortSignal) {
  const told: unknown[] = [];
  const tell = (level: string) => (event: string, facts?: object) => void told.push([level, event, facts]);
  const log = { info: tell('info'), warn: tell('warn') };
  return { told, backoff: new Backoff({ policy, random: (length) => new Uint8Array(length), log, signal }) };
}

function failure(details: Readonly<Record<string, unknown>> = {}, kind: ErrorKind = 'unavailable'): AppError {
  return new AppError(kind, 'it failed', { details });
}

test('patience ends after so many failures in a row, and begins anew with each progress', async () => {
  const { backoff } = setUp();
  for (let count = 0; count < 3; count += 1) await backoff.wait(failure());
  const last = failure();
  await assert.rejects(backoff.wait(last), (error) => error === last);
  backoff.progressed();
  await backoff.wait(failure());
});

test('what another try cannot mend is not waited for', async () => {
  for (const final of [
    failure({}, 'invalid-input'),
    failure({}, 'unauthorized'),
    failure({ code: 'SELF_SIGNED_CERT_IN_CHAIN' }),
    failure({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }),
    failure({ code: 'ERR_SSL_WRONG_VERSION_NUMBER' }),
    failure({ code: 'ENOTFOUND' }),
  ]) {
    const { backoff, told } = setUp();
    await assert.rejects(backoff.wait(final), (error) => error === final);
    assert.deepEqual(told, []);
  }
});

test('a registry may ask for a longer wait, within the budget of all waits together', async () => {
  const { backoff, told } = setUp({ ...POLICY, budget: 50 });
  await backoff.wait(failure({ retryAfter: 30 }));
  assert.deepEqual(told, [['info', 'registry-wait', { reason: 'it failed', attempt: 1, seconds: 0.03 }]]);
  backoff.progressed();
  await assert.rejects(backoff.wait(failure({ retryAfter: 30 })), /it failed/);
});

test('a wait that people notice is told as a warning, and ends when the work is cancelled', async () => {
  const controller = new AbortController();
  const { backoff, told } = setUp(POLICY, controller.signal);
  const waiting = backoff.wait(failure({ retryAfter: 2000 }));
  controller.abort();
  await assert.rejects(waiting, { kind: 'unavailable', message: 'it failed; cancelled or out of time' });
  assert.deepEqual(told, [['warn', 'registry-wait', { reason: 'it failed', attempt: 1, seconds: 2 }]]);
});
