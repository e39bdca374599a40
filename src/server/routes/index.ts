import { admission } from './admission.ts';
import { graph } from './graph.ts';
import { health } from './health.ts';
import { metrics } from './metrics.ts';
import type { Route } from './route.ts';

export type { Route, RouteEnv } from './route.ts';

export const routes: readonly Route[] = [admission, health, metrics, graph];
