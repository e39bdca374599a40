/** Programs told by what is in them. */
import type { Cataloger } from '../../cataloger.ts';
import { binary } from './binary.ts';

export const binaryCatalogers: readonly Cataloger[] = [binary];
