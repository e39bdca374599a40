/** The process's own standard input and the person at its terminal. */
import { AppError, type Progress, type ProgressEvent } from '../core/index.ts';

/** All of standard input; more than maxBytes is `invalid-input`. */
export async function readInput(maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of process.stdin) {
    const bytes = chunk as Buffer;
    total += bytes.length;
    if (total > maxBytes) throw new AppError('invalid-input', `standard input: expected at most ${maxBytes} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

/** Asks without echo; `usage` when standard input is no terminal. */
export async function askSecret(prompt: string): Promise<string> {
  const input = process.stdin;
  if (!input.isTTY) throw new AppError('usage', `${prompt}: expected a terminal to ask on, found none`);
  process.stderr.write(`${prompt}: `);
  input.setRawMode(true);
  input.setEncoding('utf8');
  try {
    return await readSecret(input);
  } finally {
    input.setRawMode(false);
    input.pause();
    process.stderr.write('\n');
  }
}

/** Longer is a paste gone wrong. */
const MAX_SECRET = 4096;

async function readSecret(input: AsyncIterable<unknown>): Promise<string> {
  let secret = '';
  for await (const chunk of input) {
    for (const character of String(chunk)) {
      if (character === '\r' || character === '\n' || character === '\u0004') return secret;
      if (character === '\u0003') throw new AppError('unavailable', 'cancelled');
      secret = character === '\u007F' || character === '\b' ? secret.slice(0, -1) : secret + character;
      if (secret.length > MAX_SECRET) throw new AppError('invalid-input', `expected at most ${MAX_SECRET} characters`);
    }
  }
  return secret;
}

/** Milliseconds between two drawings. */
const REDRAW = 100;

/** One line on standard error, redrawn in place; nothing where that is no terminal. */
export function createProgress(isTerminal: boolean): Progress {
  if (!isTerminal) return () => undefined;
  let drawn = 0;
  return (event) => {
    const now = Date.now();
    const isLast = event.total !== undefined && event.done >= event.total;
    if (!isLast && now - drawn < REDRAW) return;
    drawn = now;
    process.stderr.write(`\r\u001B[K${isLast ? '' : lineOf(event)}`);
  };
}

function lineOf(event: ProgressEvent): string {
  const total = event.total === undefined ? '' : ` of ${amount(event.total)}`;
  const item = event.item.length > 40 ? `${event.item.slice(0, 37)}...` : event.item;
  return `${event.action} ${item} ${amount(event.done)}${total}`;
}

function amount(value: number): string {
  if (value < 10_000) return String(value);
  return value < 10_000_000 ? `${Math.round(value / 1000)} k` : `${Math.round(value / 1_000_000)} M`;
}
