import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Http } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { rehearse } from './rehearse.ts';

test('a rehearsal judges an image of its own, and asks and tells nobody', async () => {
  const lines: string[] = [];
  const http: Http = async ({ url }) => assert.fail(`asked ${url}`);
  const log = { info: (event: string) => void lines.push(event), warn: (event: string) => void lines.push(event) };
  await rehearse(createTestPorts({ http, log }));
  assert.deepEqual(lines, []);
});
