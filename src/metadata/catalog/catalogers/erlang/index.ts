/** Erlang and Elixir: what is installed before what a project wants. */
import type { Cataloger } from '../../cataloger.ts';
import { mixLock } from './mix-lock.ts';
import { otpApplication } from './otp-app.ts';
import { rebarLock } from './rebar-lock.ts';

export const erlangCatalogers: readonly Cataloger[] = [otpApplication, mixLock, rebarLock];
