/** Kubernetes label selectors: matchLabels and matchExpressions, all of which must hold. */
import { AppError, arrayOf, mapOf, oneOf, optional, strictObject, string } from '../core/index.ts';
import type { Decoder } from '../core/index.ts';

export type LabelSelector = (labels: Readonly<Record<string, string>>) => boolean;

const decodeDocument = strictObject({
  matchLabels: optional(mapOf(string)),
  matchExpressions: optional(
    arrayOf(
      strictObject({
        key: string,
        operator: oneOf('In', 'NotIn', 'Exists', 'DoesNotExist'),
        values: optional(arrayOf(string)),
      }),
    ),
  ),
});

type Expression = NonNullable<ReturnType<typeof decodeDocument>['matchExpressions']>[number];

export const decodeSelector: Decoder<LabelSelector> = (value, path) => {
  const { matchLabels, matchExpressions } = decodeDocument(value, path);
  const wanted = Object.entries(matchLabels ?? {});
  const tests = (matchExpressions ?? []).map((expression, index) =>
    compile(expression, `${path}.matchExpressions[${index}]`),
  );
  return (labels) =>
    wanted.every(([key, text]) => Object.hasOwn(labels, key) && labels[key] === text) &&
    tests.every((test) => test(labels));
};

function compile({ key, operator, values }: Expression, path: string): LabelSelector {
  const takesValues = operator === 'In' || operator === 'NotIn';
  if (takesValues !== (values ?? []).length > 0) {
    throw new AppError(
      'invalid-input',
      `${path}.values: expected ${takesValues ? 'at least one value' : 'no values'} for operator ${operator}`,
    );
  }
  const list = values ?? [];
  return (labels) => {
    const found = Object.hasOwn(labels, key) ? labels[key] : undefined;
    switch (operator) {
      case 'Exists':
        return found !== undefined;
      case 'DoesNotExist':
        return found === undefined;
      case 'In':
        return found !== undefined && list.includes(found);
      case 'NotIn':
        return found === undefined || !list.includes(found);
    }
  };
}
