/** NuGet: semantic versions of four and more numbers; neither names nor pre-releases know case. */
import { language } from './language.ts';
import { compareSemver } from './semver.ts';

export const nuget = language({
  purlType: 'nuget',
  osvName: 'NuGet',
  compare: (a, b) => compareSemver(a.toLowerCase(), b.toLowerCase()),
  normalizeName: (name) => name.toLowerCase(),
});
