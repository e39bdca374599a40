import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError } from '../../core/index.ts';
import { LAYER_LIMITS, readLayer, type LayerLimits } from './layer-index.ts';
import { makeEntry, makeTar, type TarSpec } from './testing.ts';
import { cleanPath, TarParser, type TarEntry } from './tar.ts';
import { writeTar } from './tar-writer.ts';

function read(bytes: Uint8Array, step = bytes.length) {
  const found: { entry: TarEntry; content: string }[] = [];
  const parser = new TarParser('test', (entry) => {
    const chunks: Uint8Array[] = [];
    const item = { entry, content: '' };
    found.push(item);
    return {
      write: (chunk) => void chunks.push(Uint8Array.from(chunk)),
      end: () => void (item.content = Buffer.concat(chunks).toString()),
    };
  });
  for (let at = 0; at < bytes.length; at += step) parser.push(bytes.subarray(at, at + step));
  parser.finish();
  return found;
}

function isInvalid(message: RegExp) {
  return (error: unknown) => error instanceof AppError && error.kind === 'invalid-input' && message.test(error.message);
}

function pax(...records: readonly (readonly [string, string])[]): TarSpec {
  const content = records
    .map(([key, value]) => {
      const rest = ` ${key}=${value}\n`;
      let length = rest.length + 1;
      while (`${length}${rest}`.length !== length) length += 1;
      return `${length}${rest}`;
    })
    .join('');
  return { path: 'PaxHeaders', type: 'x', content };
}

test('a tar reads the same whatever the size of its chunks', () => {
  const tar = makeTar([
    { path: 'a', content: 'x'.repeat(1000) },
    { path: 'b/', kind: 'directory' },
    { path: 'c', kind: 'symlink', linkName: 'a' },
  ]);
  const whole = read(tar);
  assert.deepEqual(
    whole.map(({ entry, content }) => [entry.path, entry.kind, content.length]),
    [
      ['a', 'file', 1000],
      ['b/', 'directory', 0],
      ['c', 'symlink', 0],
    ],
  );
  for (const step of [1, 7, 511, 512, 513]) assert.deepEqual(read(tar, step), whole);
});

test('long names and links of PAX and GNU are read, PAX size overrides, and they hold for one entry only', () => {
  const long = `${'d/'.repeat(80)}name`;
  const tar = makeTar([
    pax(['path', long], ['mtime', '1.5'], ['size', '3']),
    { path: 'short', content: 'abc' },
    { path: '././@LongLink', type: 'L', content: `${long}\0` },
    { path: '././@LongLink', type: 'K', content: `${long}2\0` },
    { path: 'cut', kind: 'symlink', linkName: 'cut' },
    { path: 'plain', content: 'z' },
  ]);
  assert.deepEqual(
    read(tar).map(({ entry, content }) => [entry.path, entry.linkName, content]),
    [
      [long, '', 'abc'],
      [long, `${long}2`, ''],
      ['plain', '', 'z'],
    ],
  );
});

test('sizes in base-256 are read', () => {
  const sizeField = Buffer.alloc(12);
  sizeField[0] = 0x80;
  sizeField[11] = 3;
  assert.equal(read(makeTar([{ path: 'a', content: 'abc', sizeField }]))[0]?.content, 'abc');
});

test('what is no tar, cut or out of bounds is refused', () => {
  assert.throws(() => read(Buffer.alloc(1024, 1)), isInvalid(/expected a tar header/));
  const tar = makeTar([{ path: 'a', content: 'x'.repeat(1000) }]);
  assert.throws(() => read(tar.subarray(0, 800)), isInvalid(/ends inside an entry/));
  assert.throws(() => read(tar.subarray(0, 300)), isInvalid(/ends inside an entry/));
  const huge = Buffer.alloc(12, 0xff);
  assert.throws(() => read(makeTar([{ path: 'a', sizeField: huge }])), isInvalid(/expected a size/));
  assert.throws(() => read(makeTar([{ path: 'a', type: 'M' }])), isInvalid(/several volumes/));
  for (const content of ['5 a\n', '99 path=a\n', 'x path=a\n', '-5 path=a\n', '0 path=a\n']) {
    assert.throws(() => read(makeTar([{ path: 'p', type: 'x', content }])), isInvalid(/pax record/), content);
  }
  assert.throws(() => read(makeTar([pax(['size', '-1']), { path: 'a' }])), isInvalid(/pax size/));
  const meta = makeEntry({ path: 'p', type: 'x', content: 'x'.repeat(1024 * 1024 + 1) });
  assert.throws(() => read(meta), isInvalid(/tar extension of at most/));
});

test('what follows the end mark is not read', () => {
  const tar = Buffer.concat([makeTar([{ path: 'a', content: 'a' }]), makeTar([{ path: 'b', content: 'b' }])]);
  assert.deepEqual(
    read(tar).map(({ entry }) => entry.path),
    ['a'],
  );
});

test('cleanPath stays inside the root', () => {
  for (const [path, expected] of [
    ['./a//b/.', 'a/b'],
    ['/a', 'a'],
    ['a/../b', 'b'],
    ['.', ''],
    ['..', undefined],
    ['a/../../b', undefined],
    ['/../b', undefined],
  ] as const) {
    assert.equal(cleanPath(path), expected, path);
  }
});

async function layer(specs: readonly TarSpec[], limits: Partial<LayerLimits> = {}) {
  const source = async function* () {
    yield makeTar(specs);
  };
  const selector = { id: 'all', select: () => ({ kind: 'keep', maxBytes: 10_000 }) as const };
  return await readLayer(source(), { selector, what: 'layer', limits: { ...LAYER_LIMITS, ...limits } });
}

test('a layer over a ceiling is refused: bytes, entries, length and depth of paths', async () => {
  await assert.rejects(
    layer([{ path: 'a', content: 'x'.repeat(5000) }], { inflatedBytes: 4096 }),
    isInvalid(/at most 4096 bytes uncompressed/),
  );
  await assert.rejects(layer([{ path: 'a' }, { path: 'b' }], { entries: 1 }), isInvalid(/at most 1 entries/));
  await assert.rejects(layer([pax(['path', 'x'.repeat(4097)]), { path: 'a' }]), isInvalid(/paths of at most 4096/));
  await assert.rejects(layer([pax(['path', 'x/'.repeat(300)]), { path: 'a' }]), isInvalid(/256 folders/));
  await assert.rejects(
    layer([pax(['linkpath', 'x'.repeat(4097)]), { path: 'a', kind: 'symlink' }]),
    isInvalid(/paths of at most 4096/),
  );
});

test('content over the ceiling of a layer, and sparse files, are left out and named', async () => {
  const kept = await layer(
    [
      { path: 'a', content: 'xx' },
      { path: 'b', content: 'xx' },
    ],
    { keptBytes: 3 },
  );
  assert.deepEqual([[...kept.contents.keys()], kept.skipped.map(({ path }) => path)], [['a'], ['b']]);
  const sparse = await layer([
    { path: 's', type: 'S', content: 'data' },
    pax(['GNU.sparse.major', '1'], ['GNU.sparse.minor', '0'], ['GNU.sparse.name', 'p']),
    { path: 'GNUSparseFile/p', content: 'map' },
    { path: 'plain', content: 'z' },
  ]);
  assert.deepEqual([...sparse.contents.keys()], ['plain']);
  assert.deepEqual(sparse.skipped, [
    { path: 's', reason: 'a sparse file' },
    { path: 'p', reason: 'a sparse file' },
  ]);
});

test('a whiteout deletes a name in its folder, never the folder or what is above it', async () => {
  const { whiteouts } = await layer(['.wh.x', 'a/b/.wh.y', '.wh.', 'a/.wh..', 'a/b/.wh...'].map((path) => ({ path })));
  assert.deepEqual(whiteouts, ['x', 'a/b/y']);
});

test('the same path twice in a layer: the later one counts', async () => {
  const index = await layer([
    { path: 'a', content: 'one' },
    { path: './a', content: 'two' },
  ]);
  assert.equal(Buffer.from(index.contents.get('a') ?? []).toString(), 'two');
});

test('writeTar writes what TarParser reads, long names too, and the same bytes each time', async () => {
  const long = 'é'.repeat(90);
  const files = [long, 'short'].map((path) => ({ path, size: 3, content: Buffer.from('abc') }));
  const collect = async () => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of writeTar(files)) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  const tar = await collect();
  assert.deepEqual(
    read(tar).map(({ entry, content }) => [entry.path, content]),
    [
      [long, 'abc'],
      ['short', 'abc'],
    ],
  );
  assert.deepEqual(await collect(), tar);
});

test('the map of a GNU sparse file may go on in blocks before its content', () => {
  const map = Buffer.alloc(1024);
  map[504] = 1;
  const sparse = makeEntry({ path: 's', type: 'S', content: 'x'.repeat(700), isExtended: true });
  const tar = Buffer.concat([
    sparse.subarray(0, 512),
    map,
    sparse.subarray(512),
    makeTar([{ path: 'a', content: 'a' }]),
  ]);
  for (const step of [tar.length, 100]) {
    const found = read(tar, step).map(({ entry, content }) => [entry.path, entry.isSparse, content.length]);
    assert.deepEqual(found, [
      ['s', true, 700],
      ['a', false, 1],
    ]);
  }
});

test('where readers differ, a tar says what it says to container runtimes: nothing is hidden from one and shown to the other', () => {
  const end = '\0'.repeat(1024);
  const longName = (content: string): TarSpec => ({ path: '././@LongLink', type: 'L', content });
  const cases: Readonly<Record<string, readonly [readonly TarSpec[], string]>> = {
    'a size after a zero byte': [[{ path: 'a', content: end, sizeField: Buffer.from('\u00000000002000\0') }], 'a:1024'],
    'a file whose name ends in a slash': [[{ path: 'a/', content: end }], 'a/:1024'],
    'an empty path': [[pax(['path', '']), { path: 'a' }], 'a:0'],
    'an empty long name': [[longName('\0'), { path: 'a' }], 'a:0'],
    'a long name before a PAX path': [[longName('long'), pax(['path', 'other']), { path: 'x' }], 'long:0'],
    'two PAX headers': [[pax(['path', 'other']), pax(['mtime', '1']), { path: 'a' }], 'a:0'],
    'a global header': [
      [
        { ...pax(['path', 'other'], ['size', '0']), type: 'g' },
        { path: 'a', content: end },
      ],
      'a:1024',
    ],
    'a sparse name without a map': [[pax(['GNU.sparse.name', 'other']), { path: 'a', content: 'x' }], 'a:1'],
  };
  for (const [name, [specs, expected]] of Object.entries(cases)) {
    const found = read(makeTar([...specs, { path: 'last' }])).map(({ entry, content }) => {
      assert.equal(entry.isSparse, false, name);
      return `${entry.path}:${content.length}`;
    });
    assert.deepEqual(found, [expected, 'last:0'], name);
  }
  for (const size of ['0x10', '1e3', ' 5'])
    assert.throws(() => read(makeTar([pax(['size', size]), { path: 'a' }])), isInvalid(/pax size/), size);
});
