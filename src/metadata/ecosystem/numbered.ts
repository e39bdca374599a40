/** Ecosystems whose versions are lists of numbers, of which the longer one is after the shorter one that it begins with. */
import type { Order } from './ecosystem.ts';
import { language } from './language.ts';
import { compareDigits, compareText } from './semver.ts';

/** R takes `-` as `.`. */
export const cran = language({ purlType: 'cran', osvName: 'CRAN', compare: compareLists });
/** The Package Versioning Policy. */
export const hackage = language({ purlType: 'hackage', osvName: 'Hackage', compare: compareLists });

function compareLists(left: string, right: string): Order {
  const [a, b] = [left.split(/[.-]/), right.split(/[.-]/)];
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const [one, other] = [a[index], b[index]];
    if (one === undefined || other === undefined) return one === undefined ? -1 : 1;
    const [isNumberA, isNumberB] = [/^\d+$/.test(one), /^\d+$/.test(other)];
    if (isNumberA !== isNumberB) return isNumberA ? 1 : -1;
    const order = isNumberA ? compareDigits(one, other) : compareText(one, other);
    if (order !== 0) return order;
  }
  return 0;
}
