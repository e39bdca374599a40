import type { Hono } from 'hono';
import type { AdmissionService } from '../../app/admission-service.ts';
import type { Ports, WebClient } from '../../core/index.ts';
import type { HandlerOptions } from '../index.ts';
import type { Metrics } from '../metrics.ts';

export interface RouteContext {
  readonly ports: Ports;
  readonly service: AdmissionService;
  readonly metrics: Metrics;
  readonly options: HandlerOptions;
}

export interface RouteEnv {
  /** `client` where the request came over a socket. */
  readonly Bindings: { readonly client?: WebClient | undefined };
}

/** A family of paths. Malformed and unauthorised requests are answered by their kind, never by a 500. */
export interface Route {
  readonly name: string;
  /** Served only on a loopback address: it tells what runs where. */
  readonly isPrivate: boolean;
  mount(app: Hono<RouteEnv>, context: RouteContext): void;
}
