/** Documents that tell of components. */
import type { Cataloger } from '../../cataloger.ts';
import { embeddedSbom } from './embedded-sbom.ts';

export const embeddedCatalogers: readonly Cataloger[] = [embeddedSbom];
