import { readPlatform } from '../../app/platform.ts';
import type { Platform } from '../../core/index.ts';

export const PLATFORM_FLAG = {
  kind: 'string',
  value: 'OS/ARCH[/VARIANT]',
  description: 'which image of an index, for example linux/arm64',
} as const;

/** Undefined for none and for `all`. Throws `usage`. */
export function platformOf(text: string | undefined): Platform | undefined {
  return text === undefined || text === 'all' ? undefined : readPlatform(text);
}
