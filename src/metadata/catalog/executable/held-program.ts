/**
 * A program in memory without what nobody looks at: memory that nobody writes to is none. Of instructions nothing is held; of a large
 * program only what its headers say may hold what the probes look for, each part up to a ceiling, so that a program of any size takes some
 * tens of MiB. Where a text of interest may lie anywhere, it is held from where it is seen passing.
 */
import { findCode, HEADERS_BYTES, readLayout } from './segments.ts';
import type { Range } from './segments.ts';

const MIB = 1024 * 1024;

/** Up to here all but instructions is held. */
const SMALL_BYTES = 16 * MIB;
/** Of forms that are not understood, which are few and small. */
const MAX_UNKNOWN_BYTES = 80 * MIB;
/** Of all segments but instructions, the smallest first: those of data and tables are small, heaps and pictures are not. */
const MAX_SEGMENT_BYTES = 16 * MIB;
/** Of what is not loaded: sections that tools add come before or after those of debuggers. */
const BEHIND_SEGMENTS_BYTES = 4 * MIB;
const BEFORE_TABLE_BYTES = 8 * MIB;
/** Of what is appended to a program: lists come last. */
const TAIL_BYTES = 2 * MIB;

/** How a `*.deps.json` of .NET begins, and how many as long as the longest are held. */
const SEEN = Buffer.from('"runtimeTarget"');
const BEFORE_SEEN = 64;
const KEPT_BEFORE = BEFORE_SEEN + SEEN.length;
const AFTER_SEEN_BYTES = 8 * MIB;
const MAX_SEEN = 3;

export class HeldProgram {
  readonly #size: number;
  #content: Buffer<ArrayBuffer> | undefined;
  #ranges: Range[] = [];
  #length = 0;
  /** Before this place all that is of interest is held. */
  #seenFrom = Infinity;
  #before = Buffer.alloc(0);
  #seen = 0;
  #isKnown = true;

  constructor(size: number) {
    this.#size = size;
    this.#ranges = [{ start: 0, end: HEADERS_BYTES }];
  }

  /** Whether it is known what is to be held. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** Zeros where nothing is held. */
  get content(): Buffer {
    return this.#content?.subarray(0, this.#length) ?? Buffer.alloc(0);
  }

  /** Each byte once, in order; a chunk is good only during the call. */
  write(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, Math.min(chunk.length, this.#size - this.#length));
    const headers = Math.max(0, Math.min(bytes.length, HEADERS_BYTES - this.#length));
    if (headers > 0) this.#take(bytes.subarray(0, headers));
    if (headers > 0 && this.#length === HEADERS_BYTES) this.#plan();
    if (headers < bytes.length) this.#take(bytes.subarray(headers));
  }

  /** Of a part of the content: whether all of it is. */
  isHeld(part: Buffer): boolean {
    let at = part.byteOffset - this.content.byteOffset;
    const end = at + part.length;
    for (const range of this.#ranges.toSorted((a, b) => a.start - b.start)) {
      if (range.start <= at) at = Math.max(at, range.end);
    }
    return at >= end;
  }

  /** Gives the memory back, which the garbage collector would do later. */
  release(): void {
    this.#content?.buffer.transfer(0);
    this.#content = undefined;
  }

  #plan(): void {
    const { ranges, seenFrom } = planRanges(this.content, this.#size);
    this.#isKnown = ranges.length > 0;
    this.#ranges.push(...ranges);
    this.#seenFrom = seenFrom;
  }

  #take(bytes: Buffer): void {
    this.#content ??= Buffer.alloc(this.#size);
    if (this.#length + bytes.length > this.#seenFrom) this.#look(bytes);
    for (const { start, end } of this.#ranges) {
      const from = Math.max(start - this.#length, 0);
      const to = Math.min(end - this.#length, bytes.length);
      if (from < to) this.#content.set(bytes.subarray(from, to), this.#length + from);
    }
    this.#length += bytes.length;
  }

  /** What is seen may have begun in a chunk before. */
  #look(bytes: Buffer): void {
    const before = this.#before;
    const seam = Buffer.concat([before, bytes.subarray(0, SEEN.length - 1)]);
    const across = seam.indexOf(SEEN, Math.max(0, before.length - SEEN.length + 1));
    const at = across >= 0 ? across - before.length : bytes.indexOf(SEEN);
    if ((across >= 0 || at >= 0) && this.#seen < MAX_SEEN) {
      this.#seen += 1;
      const start = Math.max(0, this.#length + at - BEFORE_SEEN);
      const missed = before.subarray(before.length - Math.max(0, this.#length - start));
      this.#content?.set(missed, this.#length - missed.length);
      this.#ranges.push({ start, end: start + AFTER_SEEN_BYTES });
    }
    const last = bytes.subarray(-KEPT_BEFORE);
    this.#before = Buffer.concat([before, last]).subarray(-KEPT_BEFORE);
  }
}

/** By the first bytes, of which fewer are there only where these are all. */
function planRanges(head: Buffer, size: number): { readonly ranges: readonly Range[]; readonly seenFrom: number } {
  if (size <= SMALL_BYTES) return { ranges: allBut(findCode(head), size), seenFrom: Infinity };
  const layout = readLayout(head);
  if (layout === undefined)
    return { ranges: size > MAX_UNKNOWN_BYTES ? [] : allBut(findCode(head), size), seenFrom: 0 };
  const { segments, notes, table } = layout;
  const loadedEnd = Math.max(0, ...segments.map(({ end }) => end), ...notes.map(({ end }) => end));
  const unloaded =
    table.start - loadedEnd <= BEHIND_SEGMENTS_BYTES + BEFORE_TABLE_BYTES
      ? [{ start: loadedEnd, end: table.start }]
      : [
          { start: loadedEnd, end: loadedEnd + BEHIND_SEGMENTS_BYTES },
          { start: table.start - BEFORE_TABLE_BYTES, end: table.start },
        ];
  const ends = { start: size - TAIL_BYTES, end: size };
  const ranges = [...smallest(segments), ...smallest(notes), ...unloaded, ...smallest([table]), ends];
  // what is bundled with a program stands behind what is loaded of it
  return { ranges, seenFrom: loadedEnd };
}

function allBut(code: Range | undefined, size: number): readonly Range[] {
  if (code === undefined) return [{ start: 0, end: size }];
  return [
    { start: 0, end: code.start },
    { start: code.end, end: size },
  ];
}

function smallest(segments: readonly (Range & { readonly isCode?: boolean })[]): readonly Range[] {
  let left = MAX_SEGMENT_BYTES;
  return segments
    .filter(({ isCode }) => isCode !== true)
    .sort((a, b) => a.end - a.start - (b.end - b.start))
    .map(({ start, end }) => {
      const taken = Math.min(end - start, left);
      left -= taken;
      return { start, end: start + taken };
    });
}
