/** Progress on standard error: bars on a terminal, a line for each finished item elsewhere. */
import { formatBytes, type Progress, type ProgressEvent } from '../core/index.ts';

export interface ProgressOptions {
  readonly write: (text: string) => void;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  /** Characters of a line; undefined where there is no terminal. */
  readonly columns: (() => number) | undefined;
  readonly color: boolean;
}

/** Milliseconds between two drawings. */
const REDRAW = 100;
/** Bars at the same time, besides the line for all. */
const MAX_BARS = 8;
const BAR = 20;

export function createProgress(options: ProgressOptions): Progress {
  return options.columns === undefined ? createLines(options) : createBars(options, options.columns);
}

function isFinished({ done, total }: ProgressEvent): boolean {
  return total !== undefined && done >= total;
}

function createLines({ write }: ProgressOptions): Progress {
  const finished = new Set<string>();
  return (event) => {
    const key = `${event.action} ${event.item}`;
    if (!isFinished(event) || finished.has(key)) return;
    finished.add(key);
    write(`${key} ${formatBytes(event.done)}\n`);
  };
}

interface Item {
  readonly event: ProgressEvent;
  /** When it moved first. */
  readonly since: number | undefined;
}

function createBars({ write, now, color }: ProgressOptions, columns: () => number): Progress {
  const items = new Map<string, Item>();
  let start: number | undefined;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let rows = 0;
  return (event) => {
    const time = now();
    start ??= time;
    const since = items.get(event.item)?.since ?? (event.done > 0 ? time : undefined);
    items.set(event.item, { event, since });
    const isEnd = [...items.values()].every((item) => isFinished(item.event));
    if (!isEnd && time - drawnAt < REDRAW) return;
    drawnAt = time;
    const lines = isEnd ? [] : linesOf([...items.values()], { start, time, color });
    // up to the first line of the last drawing, and all below it away
    const clear = rows === 0 ? '' : `\u001B[${rows}A\r\u001B[J`;
    write(`${clear}${lines.map((line) => `${cut(line, columns())}\n`).join('')}`);
    rows = lines.length;
    if (isEnd) {
      items.clear();
      start = undefined;
    }
  };
}

function linesOf(
  items: readonly Item[],
  { start, time, color }: { readonly start: number; readonly time: number; readonly color: boolean },
): readonly string[] {
  const moving = items.filter(({ event, since }) => since !== undefined && !isFinished(event));
  const bars = moving.slice(0, MAX_BARS).map(({ event, since }) => barOf(event, time - (since ?? time), color));
  const done = items.reduce((sum, { event }) => sum + event.done, 0);
  const total = items.reduce((sum, { event }) => sum + (event.total ?? 0), 0);
  const finished = items.filter(({ event }) => isFinished(event)).length;
  const all = items.every(({ event }) => event.total !== undefined) ? ` of ${formatBytes(total)}` : '';
  return [...bars, `${finished} of ${items.length} done, ${formatBytes(done)}${all}${speedOf(done, time - start)}`];
}

function barOf(event: ProgressEvent, elapsed: number, color: boolean): string {
  const item = event.item.replace(/^(sha\d+:.{12}).*$/, '$1').slice(0, 40);
  const { done, total } = event;
  const amount = `${formatBytes(done)}${total === undefined ? '' : ` of ${formatBytes(total)}`}`;
  const filled = total === undefined || total === 0 ? 0 : Math.floor((BAR * done) / total);
  const full = '#'.repeat(filled);
  const bar = `[${color ? `\u001B[32m${full}\u001B[0m` : full}${'.'.repeat(BAR - filled)}]`;
  return `${event.action} ${item} ${total === undefined ? '' : `${bar} `}${amount}${speedOf(done, elapsed)}`;
}

/** Nothing before there is something to say. */
function speedOf(bytes: number, milliseconds: number): string {
  return milliseconds < REDRAW ? '' : `, ${formatBytes(Math.round((bytes * 1000) / milliseconds))}/s`;
}

/** A line that wraps would be drawn over twice. Escape sequences have no width. */
function cut(line: string, columns: number): string {
  let width = 0;
  let cutLine = '';
  // oxlint-disable-next-line no-control-regex
  for (const [part] of line.matchAll(/\u001B\[\d+m|./gu)) {
    if (!part.startsWith('\u001B')) width += 1;
    if (width < columns || part.startsWith('\u001B')) cutLine += part;
  }
  return cutLine;
}
