import { parsePlatform } from '../artifacts/index.ts';
import type { Platform } from '../core/index.ts';

/** Reads `os/architecture[/variant][:osversion]`. Throws `usage`. */
export function readPlatform(text: string): Platform {
  return parsePlatform(text);
}
