import { AppError } from '../../core/index.ts';
import { findAffected } from '../../app/affected.ts';
import type { Route } from './route.ts';

/** Verdicts in one answer, at most. */
const MAX_VERDICTS = 1000;

export const graph: Route = {
  name: 'graph',
  isPrivate: true,
  mount(app, { ports, service }) {
    app.get('/v1/status', (request) => request.json(service.graph.status()));
    app.get('/v1/affected/:id', async (request) =>
      request.json(await findAffected(ports, service.graph, request.req.param('id'))),
    );
    app.get('/v1/verdicts', (request) => request.json(service.graph.listVerdicts(limitOf(request.req.query('limit')))));
  },
};

function limitOf(text = '100'): number {
  const limit = Number(text);
  if (/^\d{1,4}$/.test(text) && limit >= 1 && limit <= MAX_VERDICTS) return limit;
  throw new AppError('usage', `limit: expected a whole number from 1 to ${MAX_VERDICTS}, found "${text}"`);
}
