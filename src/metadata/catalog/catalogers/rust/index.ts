/** Crates of Rust. */
import type { Cataloger } from '../../cataloger.ts';
import { cargo } from './cargo.ts';
import { rustBinary } from './rust-binary.ts';

export const rustCatalogers: readonly Cataloger[] = [rustBinary, cargo];
