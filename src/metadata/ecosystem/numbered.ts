/** Ecosystems whose versions are lists of numbers, of which the longer one is after the shorter one that it begins with. */
import type { Order } from './ecosystem.ts';
import { language } from './language.ts';
import { compareSegments } from './semver.ts';

/** R takes `-` as `.`. */
export const cran = language({ purlType: 'cran', osvName: 'CRAN', compare: compareLists });
/** The Package Versioning Policy. */
export const hackage = language({ purlType: 'hackage', osvName: 'Hackage', compare: compareLists });

function compareLists(left: string, right: string): Order {
  return compareSegments(left.split(/[.-]/), right.split(/[.-]/));
}
