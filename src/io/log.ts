import type { Clock, Log } from '../core/index.ts';

/** One JSON object per line: time, level, event and its facts. */
export function createLog(write: (line: string) => void, clock: Clock): Log {
  const line = (level: string) => (event: string, facts?: Readonly<Record<string, unknown>>) => {
    write(`${JSON.stringify({ time: clock().toISOString(), level, event, ...facts })}\n`);
  };
  return { info: line('info'), warn: line('warn') };
}

/** To standard error, so that results on standard output stay clean. */
export function createErrorLog(clock: Clock): Log {
  return createLog((text) => void process.stderr.write(text), clock);
}

/** For people: warnings alone, a line each, to standard error. */
export function createWarnings(write = (text: string): void => void process.stderr.write(text)): Log {
  return {
    info: () => undefined,
    warn: (event, facts = {}) => {
      const words = Object.entries(facts).map(
        ([name, value]) => `${name} ${String(value).replaceAll(/\p{Cc}/gu, ' ')}`,
      );
      write(`plimsoll: ${event}: ${words.join(', ')}\n`);
    },
  };
}
