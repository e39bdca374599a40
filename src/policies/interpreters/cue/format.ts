/** Values as messages show them. */
import { formatKinds, formatScalar, isScalar } from './values.ts';
import type { Value } from './values.ts';

export function formatValue(value: Value): string {
  if (isScalar(value)) return formatScalar(value);
  switch (value.kind) {
    case 'type':
      return formatKinds(value.kinds);
    case 'bound':
      return `${value.op}${formatValue(value.operand)}`;
    case 'validator':
      return `${value.builtin.name}(${value.args.map(formatValue).join(', ')})`;
    case 'all':
      return value.values.map(formatValue).join(' & ');
    case 'any':
      return value.values.map(formatValue).join(' | ');
    case 'bottom':
      return '_|_';
    case 'function':
      return value.builtin.name;
    case 'vertex': {
      const { base } = value.deref();
      if (base === undefined || base.kind === 'struct') return '{...}';
      return base.kind === 'list' ? '[...]' : formatValue(base);
    }
  }
}
