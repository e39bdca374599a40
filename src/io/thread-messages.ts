/** What this program's threads tell each other. One task at a time in each. */
import type { ErrorKind } from '../core/index.ts';

export type ToThread =
  | { readonly kind: 'start'; readonly name: string; readonly input: Readonly<Record<string, string>> }
  | { readonly kind: 'chunk'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'end' }
  /** The source failed: there is no more, and the result is not wanted. */
  | { readonly kind: 'stop' };

export type FromThread =
  | { readonly kind: 'taken'; readonly bytes: number }
  | { readonly kind: 'progress'; readonly total: number }
  | { readonly kind: 'fault'; readonly reason: string }
  | { readonly kind: 'result'; readonly value: Uint8Array }
  | {
      readonly kind: 'error';
      readonly error: ErrorKind;
      readonly message: string;
      readonly hint: string | undefined;
      readonly details: Readonly<Record<string, unknown>>;
    };
