/** Runs a command from words to exit code over the ports of a test. */
import { AppError } from '../core/index.ts';
import type { Ports } from '../core/index.ts';
import { main } from './main.ts';
import type { Rim } from './main.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function runCommand(ports: Ports, words: readonly string[], input = 'standard input'): Promise<Ran> {
  const written = { stdout: '', stderr: '' };
  const bytes = new TextEncoder().encode(input);
  const rim: Rim = {
    ports,
    streams: {
      write: (content) => (written.stdout += typeof content === 'string' ? content : Buffer.from(content).toString()),
      writeError: (text) => (written.stderr += text),
      isTerminal: false,
      isErrorTerminal: false,
    },
    signal: new AbortController().signal,
    readInput: async () => bytes,
    streamInput: async function* () {
      yield bytes;
    },
    confirm: async () => false,
    createHandler: async () => {
      throw new AppError('internal', 'not in this test');
    },
    askSecret: async () => {
      throw new AppError('usage', 'no terminal');
    },
  };
  const code = await main(
    words,
    async () => rim,
    (text) => (written.stderr += text),
  );
  return { code, ...written };
}
