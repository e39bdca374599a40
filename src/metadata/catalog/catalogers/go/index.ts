/** Go: what is linked into programs before what sources want. */
import type { Cataloger } from '../../cataloger.ts';
import { goBinary } from './go-binary.ts';
import { goMod } from './go-mod.ts';
import { goVendor } from './go-vendor.ts';

export const goCatalogers: readonly Cataloger[] = [goBinary, goMod, goVendor];
