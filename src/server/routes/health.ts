import type { Route } from './route.ts';

export const health: Route = {
  name: 'health',
  isPrivate: false,
  mount(app, { service }) {
    app.get('/healthz', (request) => request.text('ok\n'));
    app.get('/readyz', (request) => {
      const fault = service.policyFault();
      return fault === undefined ? request.text('ok\n') : request.text(`policies: ${fault}\n`, 503);
    });
  },
};
