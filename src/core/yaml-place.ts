/** Where in a YAML text something stands that a message names by its path. */
import { isNode, isScalar } from 'yaml';
import type { Document, Node } from 'yaml';
import { AppError } from './errors.ts';
import { composeYaml } from './yaml.ts';
import type { YamlStream } from './yaml.ts';

export interface YamlPlace {
  readonly line: number;
  readonly column: number;
}

/**
 * The place of `.spec.authorities[0].key` in the document of an index, from 0; of what stands around it where it is not there itself.
 * `inside` is a place within the text of a scalar, counted from 1.
 */
export function findYamlPlace(
  text: string,
  { document: index, path, inside }: { readonly document: number; readonly path: string; readonly inside?: YamlPlace },
): YamlPlace | undefined {
  const stream = findStream(text);
  const document = stream?.documents[index];
  const keys = [...path.matchAll(/\.([^.[\]]+)|\[(\d+)\]/g)].map(([, name, at]) => name ?? Number(at));
  const node = document === undefined ? undefined : nearest(document, keys);
  if (stream === undefined || node?.range === undefined || node.range === null) return undefined;
  const { line, col } = stream.lines.linePos(node.range[0]);
  if (inside === undefined || !isScalar(node)) return { line, column: col };
  const isBlock = node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED';
  if (node.type === 'BLOCK_FOLDED' || (!isBlock && inside.line > 1)) return { line, column: col };
  if (!isBlock) return { line, column: col + inside.column - (node.type === 'PLAIN' ? 1 : 0) };
  const [, indent = ''] = /^([ ]*)/.exec(text.split('\n')[line] ?? '') ?? [];
  return { line: line + inside.line, column: indent.length + inside.column };
}

/** Of a text that is none, the error that refused it says where. */
function findStream(text: string): YamlStream | undefined {
  try {
    return composeYaml(text, '', 'core');
  } catch (error) {
    if (error instanceof AppError && error.kind === 'invalid-input') return undefined;
    throw error;
  }
}

/** Down the path as far as it goes. A part of it may itself hold full stops. */
function nearest(document: Document, keys: readonly (string | number)[]): Node | undefined {
  for (let length = keys.length; length >= 0; length -= 1) {
    const node: unknown = length === 0 ? document.contents : document.getIn(keys.slice(0, length), true);
    if (isNode(node)) return node;
  }
  return undefined;
}
