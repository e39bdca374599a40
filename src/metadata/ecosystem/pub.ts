/** Dart's pub: semantic versions whose build metadata has an order, too: `1.0.0` is before `1.0.0+1`. */
import type { Order } from './ecosystem.ts';
import { language } from './language.ts';
import { comparePrerelease, compareSemver, sign } from './semver.ts';

export const pub = language({ purlType: 'pub', osvName: 'Pub', compare: compareVersions });

function compareVersions(left: string, right: string): Order {
  const [a, b] = [buildOf(left), buildOf(right)];
  return compareSemver(left, right) || sign(Number(a.length > 0) - Number(b.length > 0)) || comparePrerelease(a, b);
}

function buildOf(version: string): readonly string[] {
  const plus = version.indexOf('+');
  return plus < 0 ? [] : version.slice(plus + 1).split('.');
}
