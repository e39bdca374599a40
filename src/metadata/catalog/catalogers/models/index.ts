/** Models of machine learning. */
import type { Cataloger } from '../../cataloger.ts';
import { gguf } from './gguf.ts';
import { safetensors } from './safetensors.ts';

export const modelCatalogers: readonly Cataloger[] = [gguf, safetensors];
