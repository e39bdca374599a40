/** The device flow (RFC 8628) of the provider for trying things out: codes for machines without a browser. */
import { createHash } from 'node:crypto';
import { AppError, type Clock, type Random } from '../../core/index.ts';
import { json, readBody, text, type Route } from './http.ts';

/** Seconds. */
const LIFE = 300;
const INTERVAL = 1;
const MAX_DEVICES = 1000;
const SECRET_BYTES = 24;
/** Without vowels and look-alikes, as RFC 8628 6.1 advises. */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';
const CODE_LETTERS = 8;

interface Device {
  readonly userCode: string;
  readonly audience: string;
  readonly challenge: string | undefined;
  readonly until: number;
  email?: string;
}

export interface DeviceFlow {
  readonly routes: readonly Route[];
  /** For the token endpoint: whom the token is for, or why there is none yet. */
  redeem(deviceCode: string, verifier: string): DeviceAnswer;
}

export type DeviceAnswer =
  | { readonly kind: 'granted'; readonly email: string; readonly audience: string }
  | { readonly kind: 'refused'; readonly error: 'authorization_pending' | 'expired_token' | 'invalid_grant' };

export interface DeviceFlowOptions {
  /** `iss`. */
  readonly url: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly at: (path: string) => RegExp;
}

export function createDeviceFlow({ url, clock, random, at }: DeviceFlowOptions): DeviceFlow {
  const waiting = new Map<string, Device>();
  const begin = async (request: Request): Promise<Response> => {
    const form = new URLSearchParams(new TextDecoder().decode(await readBody(request)));
    const now = clock().getTime();
    for (const [code, device] of waiting) if (device.until < now) waiting.delete(code);
    if (waiting.size >= MAX_DEVICES) throw new AppError('unavailable', 'too many logins wait');
    const audience = form.get('client_id') ?? '';
    if (audience === '') throw new AppError('invalid-input', 'client_id: expected a value');
    const userCode = [...random(CODE_LETTERS)].map((byte) => LETTERS[byte % LETTERS.length]).join('');
    const deviceCode = Buffer.from(random(SECRET_BYTES)).toString('base64url');
    const challenge = form.get('code_challenge') ?? undefined;
    waiting.set(deviceCode, { userCode, audience, challenge, until: now + LIFE * 1000 });
    const page = `${url}/device`;
    return json(200, {
      device_code: deviceCode,
      user_code: userCode,
      verification_uri: page,
      verification_uri_complete: `${page}?user_code=${userCode}`,
      expires_in: LIFE,
      interval: INTERVAL,
    });
  };
  return {
    routes: [
      { method: 'POST', path: at('/device/code'), answer: async ({ request }) => await begin(request) },
      { method: 'GET', path: at('/device'), answer: ({ url }) => agree(url, waiting, clock) },
    ],
    redeem: (deviceCode, verifier) => {
      const device = waiting.get(deviceCode);
      if (device === undefined) return { kind: 'refused', error: 'invalid_grant' };
      if (device.until < clock().getTime()) return { kind: 'refused', error: 'expired_token' };
      if (device.challenge !== undefined && device.challenge !== hashOf(verifier))
        return { kind: 'refused', error: 'invalid_grant' };
      if (device.email === undefined) return { kind: 'refused', error: 'authorization_pending' };
      waiting.delete(deviceCode);
      return { kind: 'granted', email: device.email, audience: device.audience };
    },
  };
}

function hashOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}

/** Asks who it is, and believes it. */
function agree({ searchParams }: URL, waiting: ReadonlyMap<string, Device>, clock: Clock): Response {
  const userCode = (searchParams.get('user_code') ?? '').toUpperCase();
  const email = searchParams.get('email') ?? '';
  if (userCode === '' || email === '') return text(devicePage(userCode), 'text/html; charset=utf-8');
  const now = clock().getTime();
  const device = [...waiting.values()].find((one) => one.userCode === userCode && one.until >= now);
  if (device === undefined) throw new AppError('invalid-input', 'user_code: expected one that waits');
  device.email = email;
  return text('Logged in. You may close this page.\n');
}

function devicePage(userCode: string): string {
  const value = userCode.replaceAll(/[^A-Z]/g, '');
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Log in</title>
<h1>Log in</h1><p>For trying things out: whoever you say you are is believed.</p>
<form method="get"><label>Code <input name="user_code" value="${value}" required></label>
<label>E-mail <input name="email" type="email" required autofocus></label><button>Log in</button></form></html>
`;
}
