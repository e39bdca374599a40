import type { Route } from './route.ts';

export const health: Route = {
  name: 'health',
  isPrivate: false,
  mount(app, { ports, service, options }) {
    app.get('/healthz', (request) => request.text('ok\n'));
    app.get('/readyz', (request) => {
      const unfit = options.isDraining() ? 'draining' : options.fault();
      if (unfit !== undefined) return request.text(`${unfit}\n`, 503);
      const fault = service.policyFault();
      if (fault !== undefined) return request.text(`policies: ${fault}\n`, 503);
      // old policies are better than none: whoever watches sees the age
      const age = Math.max(0, ports.clock().getTime() - service.policiesConfirmed().getTime()) / 1000;
      const stale = service.facts().material.map(({ what, message, until }) => {
        const good = until === undefined ? 'used no more' : `used until ${until.toISOString()}`;
        return `${what}: not up to date, ${good}: ${message}\n`;
      });
      return request.text(`ok\npolicies: confirmed ${age.toFixed(0)} s ago\n${stale.join('')}`);
    });
  },
};
