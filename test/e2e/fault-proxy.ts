/** A TCP proxy on loopback that breaks connections at given places: for tests of what goes on after that. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Faults {
  /** Bytes on their way to the server, counted over all connections, after which all connections are cut. */
  readonly up?: readonly number[];
  /** The same for bytes on their way to the client. */
  readonly down?: readonly number[];
  /** From this byte towards the client on, its connection gives nothing more and stays open; once. */
  readonly silentAfter?: number;
}

export interface FaultProxy {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  /** Cuts so far. */
  readonly cuts: () => number;
  close(): Promise<void>;
}

export async function startFaultProxy(target: string, faults: Faults): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  const state = { cuts: 0, isSilenced: faults.silentAfter === undefined };
  const cutAll = () => {
    state.cuts += 1;
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const up = counter(faults.up ?? [], cutAll);
  const down = counter(faults.down ?? [], cutAll);
  const { hostname, port } = new URL(target);
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (chunk: Buffer) => up(chunk, (part) => upstream.write(part)));
    let given = 0;
    let isSilent = false;
    upstream.on('data', (chunk: Buffer) => {
      given += chunk.length;
      if (!state.isSilenced && given > (faults.silentAfter ?? 0)) {
        state.isSilenced = true;
        isSilent = true;
      }
      if (!isSilent) down(chunk, (part) => client.write(part));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    cuts: () => state.cuts,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Passes bytes on up to the next place, and breaks there. */
function counter(places: readonly number[], cut: () => void) {
  const todo = [...places].sort((a, b) => a - b);
  let total = 0;
  let isCutting = false;
  return (chunk: Uint8Array, pass: (part: Uint8Array) => unknown): void => {
    if (isCutting) return;
    const [next = Number.POSITIVE_INFINITY] = todo;
    const part = chunk.subarray(0, Math.max(next - total, 0));
    total += part.length;
    pass(part);
    if (total < next) return;
    todo.shift();
    isCutting = true;
    // what was passed on must have a chance to arrive: a reset discards what lies in buffers
    setTimeout(() => {
      isCutting = false;
      cut();
    }, 5);
  };
}
