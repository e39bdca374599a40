import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createRegistry } from '../artifacts/index.ts';
import { createHandlerHttp } from '../artifacts/testing.ts';
import { AppError } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { attachFiles } from './attach-files.ts';
import { listTags } from './inspect-artifact.ts';
import { listReferrers } from './list-referrers.ts';
import { pushFiles } from './push-artifact.ts';

const { signal } = new AbortController();
const HOST = 'localhost:5000';
const artifactType = 'application/vnd.example.report';

async function setUp() {
  const base = createTestPorts();
  const handler = createRegistry(base.files, join(base.home, 'registry'), base);
  const ports = { ...base, http: createHandlerHttp({ [HOST]: handler }) };
  await ports.files.writeAtomic(join(ports.home, 'report.json'), '{}');
  const subject = await pushFiles(ports, { reference: `${HOST}/app:1`, files: [], annotations: [] }, signal);
  return { ports, subject, file: `${join(ports.home, 'report.json')}:application/json` };
}

test('attached files are found through what they belong to, and take no tag', async () => {
  const { ports, subject, file } = await setUp();
  const input = { reference: `${HOST}/app:1`, files: [file], artifactType, annotations: ['k=v'] };
  const attached = await attachFiles(ports, input, signal);
  assert.equal(attached.subject, subject.reference);
  assert.equal(attached.reference, `${HOST}/app@${attached.descriptor.digest}`);
  const { referrers } = await listReferrers(ports, { reference: `${HOST}/app:1` }, signal);
  assert.deepEqual(
    referrers.map(({ descriptor }) => [descriptor.digest, descriptor.artifactType, descriptor.annotations?.k]),
    [[attached.descriptor.digest, artifactType, 'v']],
  );
  assert.deepEqual(await listTags(ports, { reference: `${HOST}/app` }, signal), ['1']);
  const second = await attachFiles(ports, { ...input, reference: attached.reference }, signal);
  assert.equal(second.subject, attached.reference);
});

test('nothing is attached to what is not there, nor a file that is not there', async () => {
  const { ports, file } = await setUp();
  const input = { reference: `${HOST}/app:2`, files: [file], artifactType, annotations: [] };
  const isNotFound = (error: unknown) => error instanceof AppError && error.kind === 'not-found';
  await assert.rejects(attachFiles(ports, input, signal), isNotFound);
  await assert.rejects(
    attachFiles(ports, { ...input, reference: `${HOST}/app:1`, files: ['none'] }, signal),
    isNotFound,
  );
  const { referrers } = await listReferrers(ports, { reference: `${HOST}/app:1` }, signal);
  assert.deepEqual(referrers, []);
});
