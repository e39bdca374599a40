/** Advisories for tests. */
import type { Advisory } from './advisory.ts';

/** Affects the npm package `left-pad` below 1.3.0, unless told otherwise. */
export function createAdvisory(part: Partial<Advisory> = {}): Advisory {
  return {
    id: 'GHSA-aaaa-bbbb-cccc',
    modified: '2026-01-01T00:00:00Z',
    summary: 'left-pad pads on the right',
    aliases: [],
    upstream: [],
    rating: { severity: 'high', score: 7.5 },
    affected: [affects('npm', 'left-pad', '1.3.0')],
    ...part,
  };
}

/** All versions below `fixed`; all versions without it. */
export function affects(ecosystem: string, name: string, fixed?: string): Advisory['affected'][number] {
  return {
    ecosystem,
    name,
    versions: [],
    ranges: [
      {
        kind: 'ecosystem',
        events: [
          { kind: 'introduced', version: '0' },
          ...(fixed === undefined ? [] : [{ kind: 'fixed' as const, version: fixed }]),
        ],
      },
    ],
  };
}
