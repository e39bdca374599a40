import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeSelector } from './selector.ts';

type Labels = Readonly<Record<string, string>>;

function selects(expression: unknown, labels: Labels): boolean {
  return decodeSelector({ matchExpressions: [expression] }, 'selector')(labels);
}

test('expressions select by presence and value', () => {
  const rows: readonly (readonly [unknown, Labels, boolean])[] = [
    [{ key: 'a', operator: 'In', values: ['x', 'y'] }, { a: 'y' }, true],
    [{ key: 'a', operator: 'In', values: ['x'] }, { a: 'y' }, false],
    [{ key: 'a', operator: 'In', values: ['x'] }, {}, false],
    [{ key: 'a', operator: 'NotIn', values: ['x'] }, { a: 'y' }, true],
    [{ key: 'a', operator: 'NotIn', values: ['x'] }, { a: 'x' }, false],
    [{ key: 'a', operator: 'NotIn', values: ['x'] }, {}, true],
    [{ key: 'a', operator: 'Exists' }, { a: '' }, true],
    [{ key: 'a', operator: 'Exists' }, { b: '' }, false],
    [{ key: 'a', operator: 'DoesNotExist' }, { b: '' }, true],
    [{ key: 'a', operator: 'DoesNotExist' }, { a: '' }, false],
    [{ key: 'constructor', operator: 'Exists' }, {}, false],
    [{ key: '__proto__', operator: 'Exists' }, {}, false],
  ];
  for (const [expression, labels, expected] of rows)
    assert.equal(selects(expression, labels), expected, JSON.stringify([expression, labels]));
});

test('all labels and all expressions must hold', () => {
  const selector = decodeSelector(
    {
      matchLabels: { a: 'x', b: 'y' },
      matchExpressions: [
        { key: 'c', operator: 'Exists' },
        { key: 'd', operator: 'Exists' },
      ],
    },
    'selector',
  );
  assert.equal(selector({ a: 'x', b: 'y', c: '', d: '' }), true);
  for (const labels of [
    { a: 'x', c: '', d: '' },
    { a: 'x', b: 'z', c: '', d: '' },
    { a: 'x', b: 'y', c: '' },
  ])
    assert.equal(selector(labels), false, JSON.stringify(labels));
  assert.equal(decodeSelector({ matchLabels: { toString: 'x' } }, 'selector')({}), false);
});

test('an expression whose values do not suit its operator, or of an unknown one, is refused', () => {
  for (const expression of [
    { key: 'a', operator: 'In' },
    { key: 'a', operator: 'NotIn', values: [] },
    { key: 'a', operator: 'Exists', values: ['x'] },
    { key: 'a', operator: 'Gt', values: ['1'] },
    { key: 'a', operator: 'In', values: ['x'], extra: 1 },
  ])
    assert.throws(() => selects(expression, {}), { kind: 'invalid-input' }, JSON.stringify(expression));
});
