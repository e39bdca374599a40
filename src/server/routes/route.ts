import type { Hono } from 'hono';
import type { AdmissionService } from '../../app/admission-service.ts';
import type { Ports } from '../../core/index.ts';
import type { HandlerOptions } from '../index.ts';
import type { Metrics } from '../metrics.ts';

export interface RouteContext {
  readonly ports: Ports;
  readonly service: AdmissionService;
  readonly metrics: Metrics;
  readonly options: HandlerOptions;
}

/** A family of paths. Malformed and unauthorised requests are answered by their kind, never by a 500. */
export interface Route {
  readonly name: string;
  /** Served only on a loopback address: it tells what runs where. */
  readonly isPrivate: boolean;
  mount(app: Hono, context: RouteContext): void;
}
