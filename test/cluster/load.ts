/** A Service of several replicas, and clients that ask all the time. */
import { connect, createServer, type Socket } from 'node:net';
import { Agent, request } from 'node:https';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import type { Server } from '../interop/support.ts';
import type { ControlPlane } from './control-plane.ts';
import { probe, type Json } from './installation.ts';

export interface Service {
  readonly url: string;
  /** Replicas behind it; those that are not ready get no new connection. */
  readonly replicas: Set<Server>;
  stop(): Promise<void>;
}

const PROBE_MS = 100;

/** As kube-proxy does: connections, one after the other to each replica that is ready. */
export async function startService(): Promise<Service> {
  const replicas = new Set<Server>();
  let ready: readonly Server[] = [];
  let next = 0;
  const sockets = new Set<Socket>();
  const timer = setInterval(() => {
    void Promise.all(
      [...replicas].map(async (replica) => {
        const { status } = await probe(replica, '/readyz').catch(() => ({ status: 0 }));
        return status === 200 ? [replica] : [];
      }),
    ).then((found) => (ready = found.flat()));
  }, PROBE_MS);
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    const replica = ready[(next += 1) % Math.max(1, ready.length)];
    if (replica === undefined) return void socket.destroy();
    const { hostname, port } = new URL(replica.ready['url'] ?? '');
    const onward = connect(Number(port), hostname);
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
    socket.pipe(onward).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    replicas,
    stop: async () => {
      clearInterval(timer);
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface Verdicts {
  readonly allowed: number;
  /** By one of our reasons. */
  readonly denied: number;
  /** The API server got no answer from us: its message. */
  readonly unanswered: readonly string[];
}

export interface Load {
  /** Of so many clients at a time, by what they asked for, since the last time. */
  take(): Readonly<Record<string, Verdicts>>;
  stop(): Promise<void>;
}

/** Clients that create pods as a dry run, each in a loop: webhooks judge them, and nothing is stored. */
export async function startLoad(
  plane: ControlPlane,
  pods: Readonly<Record<string, Json>>,
  { clients }: { readonly clients: number },
): Promise<Load> {
  const agent = new Agent({ keepAlive: true, ca: await readFile(plane.caFile), maxSockets: clients });
  const over = new AbortController();
  let counted = empty(pods);
  const ask = async (name: string, object: Json): Promise<void> => {
    while (!over.signal.aborted) {
      const { status, body } = await post(plane, agent, object);
      const found = counted[name];
      if (found === undefined) return;
      if (status === 201) found.allowed += 1;
      else if (/denied the request/.test(body)) found.denied += 1;
      else found.unanswered.push(`${status} ${body.slice(0, 300)}`);
    }
  };
  const asking = Object.entries(pods).flatMap(([name, object]) =>
    Array.from({ length: clients }, async () => await ask(name, object)),
  );
  return {
    take: () => {
      const taken = counted;
      counted = empty(pods);
      return taken;
    },
    stop: async () => {
      over.abort();
      await Promise.all(asking);
      agent.destroy();
    },
  };
}

type Counted = Record<string, { allowed: number; denied: number; unanswered: string[] }>;

function empty(pods: Readonly<Record<string, Json>>): Counted {
  return Object.fromEntries(Object.keys(pods).map((name) => [name, { allowed: 0, denied: 0, unanswered: [] }]));
}

async function post(plane: ControlPlane, agent: Agent, object: Json): Promise<{ status: number; body: string }> {
  const { namespace } = object['metadata'] as { readonly namespace: string };
  const url = `${plane.url}/api/v1/namespaces/${namespace}/pods?dryRun=All`;
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${plane.token}` };
  return await new Promise((resolve) => {
    const asking = request(url, { method: 'POST', agent, headers }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    asking.on('error', (error) => resolve({ status: 0, body: error.message }));
    asking.end(JSON.stringify(object));
  });
}
