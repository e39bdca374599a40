import type { Context } from 'hono';
import { AppError } from '../../core/index.ts';
import { MAX_REVIEW_BYTES } from '../../cluster/index.ts';
import { ReviewTime } from '../../app/review-time.ts';
import type { Route, RouteEnv, RouteContext } from './route.ts';

/** The API server's default and greatest timeout of a webhook, in seconds. */
const DEFAULT_TIMEOUT = 10;
const MAX_TIMEOUT = 30;
/** Seconds kept back so that the denial arrives before the API server gives up. */
const MARGIN = 0.5;

export const admission: Route = {
  name: 'admission',
  isPrivate: false,
  mount(app, context) {
    app.post('/validate', (request) => answer('validate', request, context));
    app.post('/mutate', (request) => answer('mutate', request, context));
    app.post('/exceptions', async (request) => request.json(context.service.reviewException(await readBody(request))));
    app.post('/policies', async (request) => request.json(await context.service.reviewPolicy(await readBody(request))));
  },
};

async function answer(
  mode: 'validate' | 'mutate',
  request: Context<RouteEnv>,
  { service, metrics }: RouteContext,
): Promise<Response> {
  const start = performance.now();
  const bytes = await readBody(request);
  const milliseconds = Math.max(100, (secondsOf(request.req.query('timeout')) - MARGIN) * 1000);
  const time = new ReviewTime(milliseconds);
  const { response, outcome } = await within(milliseconds, (signal) => service.review(mode, bytes, { signal, time }));
  metrics.observeReview(mode, outcome, (performance.now() - start) / 1000);
  return request.json(response);
}

/** `AbortSignal.timeout` would live on for all of these milliseconds: ten thousand of them at a thousand reviews a second. */
async function within<T>(milliseconds: number, work: (deadline: AbortSignal) => Promise<T>): Promise<T> {
  const end = new AbortController();
  const timer = setTimeout(() => end.abort(new DOMException('out of time', 'TimeoutError')), milliseconds);
  try {
    return await work(end.signal);
  } finally {
    clearTimeout(timer);
  }
}

/** The API server says how long it waits: `?timeout=10s`. */
function secondsOf(text: string | undefined): number {
  const match = /^(\d{1,3})s$/.exec(text ?? '');
  return match === null ? DEFAULT_TIMEOUT : Math.min(MAX_TIMEOUT, Math.max(1, Number(match[1])));
}

async function readBody({ env, req }: Context<RouteEnv>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of env.client?.body ?? req.raw.body ?? []) {
    size += chunk.length;
    if (size > MAX_REVIEW_BYTES) {
      throw new AppError('invalid-input', `AdmissionReview: expected at most ${MAX_REVIEW_BYTES} bytes, found more`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
