/** Operating-system packages. The distribution comes first. */
import type { Cataloger } from '../../cataloger.ts';
import { apk } from './apk.ts';
import { dpkg } from './dpkg.ts';
import { osRelease } from './os-release.ts';

export const osCatalogers: readonly Cataloger[] = [osRelease, dpkg, apk];
