/** How many requests wait for one host's answer at the same time: fewer after each 429, slowly more again after that. */

/** Where no host has complained. */
const START = 32;

export interface Limiter {
  /** Resolves when it is this request's turn; gives what to call with the answer's status, or without one. */
  enter(host: string): Promise<(status?: number) => void>;
}

interface Host {
  limit: number;
  running: number;
  readonly waiting: (() => void)[];
}

export function createLimiter(): Limiter {
  const hosts = new Map<string, Host>();
  return {
    enter: async (name) => {
      const host = hosts.get(name) ?? { limit: START, running: 0, waiting: [] };
      hosts.set(name, host);
      if (host.running >= Math.floor(host.limit)) await new Promise<void>((resolve) => host.waiting.push(resolve));
      else host.running += 1;
      return (status) => leave(host, status);
    },
  };
}

/** Additive increase, multiplicative decrease, as in TCP: of what was running when the host had enough. */
function leave(host: Host, status: number | undefined): void {
  host.limit =
    status === 429 ? Math.max(1, Math.min(host.limit, host.running) / 2) : Math.min(START, host.limit + 1 / host.limit);
  const isOver = host.running > Math.floor(host.limit);
  const next = isOver ? undefined : host.waiting.shift();
  if (next === undefined) host.running -= 1;
  // the place is handed on
  else next();
}
