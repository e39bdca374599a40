import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../core/index.ts';
import { guessBaseLayers, instructionOf, stepsOf } from './history.ts';

const empty = (createdBy: string) => ({ createdBy, isEmptyLayer: true });
const layer = (createdBy: string) => ({ createdBy, isEmptyLayer: false });
const config = (...history: readonly ReturnType<typeof layer>[]) => ({
  history,
  diffIds: history.filter(({ isEmptyLayer }) => !isEmptyLayer).map((_, index) => digestOf(String(index))),
});

test('instructionOf gives the instruction as the Dockerfile has it, of both builders', () => {
  const cases = [
    ['/bin/sh -c #(nop) ADD file:ab in / ', 'ADD file:ab in /'],
    ['/bin/sh -c #(nop)  CMD ["sh"]', 'CMD ["sh"]'],
    ['/bin/sh -c apk add curl', 'RUN apk add curl'],
    ['|1 VERSION=7 /bin/sh -c make install', 'RUN make install'],
    ['RUN /bin/sh -c apk add curl # buildkit', 'RUN apk add curl'],
    ['RUN |2 A=1 B=2 /bin/sh -c make # buildkit', 'RUN make'],
    ['COPY app /app # buildkit', 'COPY app /app'],
    ["# debian.sh --arch 'amd64' out/ 'bookworm'", "# debian.sh --arch 'amd64' out/ 'bookworm'"],
    ['', ''],
  ];
  for (const [given = '', expected] of cases) assert.equal(instructionOf(given), expected);
});

test('stepsOf gives no steps where they cannot be told apart', () => {
  assert.deepEqual(stepsOf(config(layer('a'), empty('b'), layer('c'))), ['a', 'c']);
  assert.equal(stepsOf({ ...config(layer('a'), layer('c')), diffIds: [digestOf('a')] }), undefined);
  assert.equal(stepsOf({ history: [], diffIds: [digestOf('a')] }), undefined);
});

test('guessBaseLayers counts the layers up to the command of the image below', () => {
  const base = [layer('/bin/sh -c #(nop) ADD file:ab in /'), empty('/bin/sh -c #(nop)  CMD ["sh"]')];
  assert.equal(
    guessBaseLayers(config(...base, layer('RUN /bin/sh -c apk add curl # buildkit'), empty('CMD ["app"]'))),
    1,
  );
  assert.equal(guessBaseLayers(config(...base, empty('ENTRYPOINT ["a"]'), layer('COPY a /'), layer('COPY b /'))), 1);
  assert.equal(guessBaseLayers(config(...base, layer('a'), empty('ENTRYPOINT ["a"]'), layer('b'))), 2);
});

test('guessBaseLayers says nothing of an image that stands on none, or whose history does not tell', () => {
  const base = [layer('ADD rootfs.tar /'), empty('ENV A=1'), empty('CMD ["sh"]')];
  assert.equal(guessBaseLayers(config(...base)), undefined);
  assert.equal(guessBaseLayers(config(layer('COPY app /app'), empty('ENTRYPOINT ["/app"]'))), undefined);
  assert.equal(guessBaseLayers(config(empty('CMD ["x"]'), layer('COPY app /app'))), undefined);
  assert.equal(guessBaseLayers({ ...config(...base, layer('a')), diffIds: [digestOf('a')] }), undefined);
  assert.equal(guessBaseLayers(config()), undefined);
  assert.equal(guessBaseLayers(config(layer('RUN CMD=1 make'), empty('LABEL x=CMD'), layer('b'))), undefined);
});
