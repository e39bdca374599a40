/** Headers of models for tests. */

/** Version 3, with an array of texts before the others. */
export function createGguf(texts: Readonly<Record<string, string>>): Buffer {
  const pairs = Object.entries(texts).map(([key, value]) => Buffer.concat([text(key), word(8), text(value)]));
  const vocabulary = Buffer.concat([text('tokenizer.tokens'), word(9), word(8), long(2), text('a'), text('bc')]);
  const flag = Buffer.concat([text('general.flag'), word(7), Buffer.from([1])]);
  const head = Buffer.concat([Buffer.from('GGUF'), word(3), long(0), long(pairs.length + 2)]);
  return Buffer.concat([head, vocabulary, flag, ...pairs]);
}

export function createSafetensors(metadata: Readonly<Record<string, string>>): Buffer {
  const header = Buffer.from(JSON.stringify({ __metadata__: metadata, weight: { dtype: 'F32', shape: [1] } }));
  return Buffer.concat([long(header.length), header, Buffer.alloc(4)]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([long(bytes.length), bytes]);
}

function word(value: number): Buffer {
  return Buffer.from(Uint32Array.of(value).buffer);
}

function long(value: number): Buffer {
  return Buffer.from(BigUint64Array.of(BigInt(value)).buffer);
}
