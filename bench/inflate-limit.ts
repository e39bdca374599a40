/**
 * The physical limit of reading layers: inflate, and SHA-256 of what goes in and of what comes out, by as many threads as there are
 * processors, the largest layers first. `node inflate-limit.ts streams|in-place FILE...`: by the streams of node:zlib, which unpack on
 * further threads, or where it is hashed.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { createGunzip } from 'node:zlib';
import { Gunzip, type ZlibOptions } from 'minizlib';

const CHUNK = 1024 * 1024;
const SMALL_CHUNK = 128 * 1024;

const [way, ...files] = isMainThread ? process.argv.slice(2) : (workerData as readonly string[]);
if (isMainThread) {
  const todo = files.sort((a, b) => statSync(a).size - statSync(b).size);
  const threads = Array.from({ length: availableParallelism() }, async () => {
    for (let file = todo.pop(); file !== undefined; file = todo.pop()) {
      const worker = new Worker(import.meta.filename, { workerData: [way, file] });
      await new Promise((resolve) => worker.once('exit', resolve));
    }
  });
  await Promise.all(threads);
} else {
  const [stored, content] = [createHash('sha256'), createHash('sha256')];
  const source = createReadStream(files[0] ?? '', { highWaterMark: way === 'streams' ? CHUNK : SMALL_CHUNK });
  await (way === 'streams' ? readByStreams(source, stored, content) : readInPlace(source, stored, content));
  stored.digest();
  content.digest();
}

async function readByStreams(source: NodeJS.ReadableStream, stored: Hash, content: Hash): Promise<void> {
  source.on('data', (chunk: Buffer) => stored.update(chunk));
  for await (const chunk of source.pipe(createGunzip({ chunkSize: CHUNK }))) content.update(chunk as Buffer);
}

async function readInPlace(source: AsyncIterable<Buffer>, stored: Hash, content: Hash): Promise<void> {
  const options: ZlibOptions & { readonly chunkSize: number } = { chunkSize: SMALL_CHUNK };
  const unpacker = new Gunzip(options);
  unpacker.on('data', (chunk) => {
    content.update(chunk);
    if (chunk.byteLength === chunk.buffer.byteLength) (chunk.buffer as ArrayBuffer).transfer(0);
  });
  for await (const chunk of source) {
    stored.update(chunk);
    unpacker.write(chunk);
  }
  unpacker.end();
}
