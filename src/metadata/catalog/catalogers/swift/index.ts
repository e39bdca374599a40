/** Swift and what is built by CocoaPods. */
import type { Cataloger } from '../../cataloger.ts';
import { swiftResolved } from './package-resolved.ts';
import { podfileLock } from './podfile-lock.ts';

export const swiftCatalogers: readonly Cataloger[] = [swiftResolved, podfileLock];
