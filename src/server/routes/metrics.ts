import type { Route } from './route.ts';

export const metrics: Route = {
  name: 'metrics',
  isPrivate: false,
  mount(app, context) {
    app.get('/metrics', (request) =>
      request.text(context.metrics.render(context.service, context.ports.clock()), 200, {
        'content-type': 'text/plain; version=0.0.4',
      }),
    );
  },
};
