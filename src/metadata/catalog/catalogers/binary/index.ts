/** Programs told by what is in them. */
import type { Cataloger } from '../../cataloger.ts';
import { binary } from './binary.ts';
import { packageNote } from './package-note.ts';

export const binaryCatalogers: readonly Cataloger[] = [packageNote, binary];
