/** What makes gigabytes through one process cheap. */
import type { OnReadOpts, Socket } from 'node:net';

/** Node reads 64 KiB at a time: four times the calls, and a copy of each that is not full. */
const READ = 256 * 1024;
/** With less room left a read is not worth its call. */
const LEAST = 64 * 1024;

/** How connections read: much at a time, each byte in memory that nothing else is ever read into. */
export function largeReads(): OnReadOpts {
  let rest: Uint8Array | undefined;
  return {
    buffer: () => {
      const buffer = rest ?? Buffer.allocUnsafeSlow(READ);
      rest = undefined;
      return buffer;
    },
    // node asks for the next buffer of this connection right after, before anything else can
    callback(this: Socket, size, buffer) {
      const goesOn = this.push(buffer.subarray(0, size));
      rest = buffer.length - size < LEAST ? undefined : buffer.subarray(size);
      return goesOn;
    },
  };
}

let isCounted = false;

/**
 * To be called before much goes through. V8 collects the whole heap after every 32 MiB of buffers, however small the heap: a third of
 * the processor time of a copy. With this it counts them as it counts all else. A version of V8 without the setting ignores the call.
 */
export function countBuffersAsHeap(): void {
  if (isCounted) return;
  isCounted = true;
  process.getBuiltinModule('node:v8').setFlagsFromString('--external-memory-accounted-in-global-limit');
}
