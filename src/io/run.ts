import { spawn } from 'node:child_process';
import { AppError, type RunProgram } from '../core/index.ts';

/** Programs run without a shell; output beyond `maxBytes` ends them with `invalid-input`; a missing program is `not-found`. */
export function createRunProgram(): RunProgram {
  return (program, args, options) =>
    new Promise((resolve, reject) => {
      const child = spawn(program, args, {
        stdio: ['pipe', 'pipe', 'pipe'],
        shell: false,
        ...(options.environment === undefined ? {} : { env: { ...process.env, ...options.environment } }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
      const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
      let total = 0;
      const collect = (name: 'stdout' | 'stderr') => (chunk: Buffer) => {
        total += chunk.length;
        if (total <= options.maxBytes) return void output[name].push(chunk);
        child.kill();
        reject(new AppError('invalid-input', `${program}: expected at most ${options.maxBytes} bytes of output`));
      };
      child.stdout.on('data', collect('stdout'));
      child.stderr.on('data', collect('stderr'));
      child.on('error', (cause) => reject(startError(program, cause)));
      child.on('close', (code) => {
        resolve({ code: code ?? 128, stdout: text(output.stdout), stderr: text(output.stderr) });
      });
      // the program may end without reading: that is its right
      child.stdin.on('error', () => undefined);
      child.stdin.end(options.input ?? '');
    });
}

function startError(program: string, cause: Error): AppError {
  const absent = 'code' in cause && cause.code === 'ENOENT';
  return absent
    ? new AppError('not-found', `${program}: no such program on the path`, { cause })
    : new AppError('unavailable', `${program}: ${cause.message}`, { cause });
}

function text(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8');
}
