/** Condensers over content that is, or is to be, in memory as a whole. */
import { HEAD_BYTES } from './ports.ts';
import type { Condenser, Selection } from './ports.ts';

/** Gathers a file of this size and then keeps what `take` finds in it. Bytes beyond the size are left out. */
export function holdWhole(size: number, take: (content: Uint8Array) => Uint8Array | undefined): Condenser {
  // allocated late, so that files without content cost nothing; copied, because a chunk is a view of a megabyte
  let content: Buffer | undefined;
  let length = 0;
  return {
    write: (chunk) => {
      content ??= Buffer.allocUnsafe(size);
      const wanted = chunk.subarray(0, size - length);
      content.set(wanted, length);
      length += wanted.length;
    },
    end: () => take(content?.subarray(0, length) ?? Buffer.alloc(0)),
  };
}

/** What a Selection keeps of content that is at hand. */
export function condense(
  selection: Exclude<Selection, { readonly kind: 'skip' }>,
  content: Uint8Array,
): Uint8Array | undefined {
  if (selection.kind === 'keep') return content;
  const condenser = selection.open(content.subarray(0, HEAD_BYTES), content.length);
  condenser?.write(content);
  return condenser?.end();
}
