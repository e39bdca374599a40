import { parsePartialPlatform, parsePlatform } from '../artifacts/index.ts';
import type { Platform } from '../core/index.ts';

/** Reads `os/architecture[/variant][:osversion]`. Throws `usage`. */
export function readPlatform(text: string): Platform {
  return parsePlatform(text);
}

/** The same, where the architecture may be left out. Throws `usage`. */
export function readPartialPlatform(text: string): Partial<Platform> {
  return parsePartialPlatform(text);
}
