/**
 * The physical limit of reading layers: inflate, and SHA-256 of what goes in and of what comes out, by as many threads as there are
 * processors. `node inflate-limit.ts FILE...`
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { availableParallelism } from 'node:os';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { createGunzip } from 'node:zlib';

const CHUNK = 1024 * 1024;

if (isMainThread) {
  const todo = process.argv.slice(2);
  const threads = Array.from({ length: availableParallelism() }, async () => {
    for (let file = todo.pop(); file !== undefined; file = todo.pop()) {
      const worker = new Worker(import.meta.filename, { workerData: file });
      await new Promise((resolve) => worker.once('exit', resolve));
    }
  });
  await Promise.all(threads);
} else {
  const stored = createHash('sha256');
  const content = createHash('sha256');
  const source = createReadStream(workerData as string, { highWaterMark: CHUNK });
  source.on('data', (chunk) => stored.update(chunk));
  for await (const chunk of source.pipe(createGunzip({ chunkSize: CHUNK }))) content.update(chunk as Buffer);
  stored.digest();
  content.digest();
}
