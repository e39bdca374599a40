/** The HTTP face of the admission service. Request in, response out: a test needs no socket. */
import { Hono } from 'hono';
import { httpStatusOf, toAppError } from '../core/index.ts';
import type { Ports, WebHandler } from '../core/index.ts';
import type { AdmissionService } from '../app/admission-service.ts';
import { createMetrics } from './metrics.ts';
import { routes } from './routes/index.ts';
import type { RouteEnv } from './routes/index.ts';

export interface HandlerOptions {
  /** Serve also what tells what runs where. */
  readonly servesPrivate: boolean;
  /** Why the server as such is not ready, besides its policies. */
  readonly fault: () => string | undefined;
  /** Told to end: answers still, but no connection is to be used again. */
  readonly isDraining: () => boolean;
}

export function createHandler(ports: Ports, service: AdmissionService, options: HandlerOptions): WebHandler {
  const app = new Hono<RouteEnv>();
  const context = { ports, service, metrics: createMetrics(), options };
  for (const route of routes) if (options.servesPrivate || !route.isPrivate) route.mount(app, context);
  app.notFound((request) =>
    request.json({ error: { kind: 'not-found', message: `no such path: ${request.req.path}` } }, 404),
  );
  app.onError((thrown, request) => {
    const { kind, message } = toAppError(thrown);
    if (kind === 'internal') ports.log.warn('internal-error', { message, path: request.req.path });
    const shown = kind === 'internal' ? 'internal error' : message;
    return Response.json({ error: { kind, message: shown } }, { status: httpStatusOf(kind) });
  });
  return async (request, client) => {
    const response = await app.fetch(request, { client });
    if (options.isDraining()) response.headers.set('connection', 'close');
    return response;
  };
}
