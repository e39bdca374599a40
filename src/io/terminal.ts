/** The process's own standard input and the person at its terminal. */
import { AppError } from '../core/index.ts';

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

/** Standard input as it comes. */
export async function* streamInput(): AsyncGenerator<Uint8Array> {
  for await (const chunk of process.stdin) yield chunk as Buffer;
}

/** Asks for a yes or a no, which is the default; `usage` when standard input is no terminal. */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new AppError('usage', `${question} expected a terminal to ask on, found none`, {
      hint: 'add --force to go on without asking',
    });
  }
  process.stderr.write(`${question} [y/N] `);
  for await (const chunk of process.stdin) return /^y(?:es)?\s*$/i.test(String(chunk));
  return false;
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
