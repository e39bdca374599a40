/**
 * Base scores of the Common Vulnerability Scoring System from vectors: 3.0, 3.1 (specification 3.1, clause 7.1) and 2.0.
 * Not implemented: temporal and environmental metrics, and 4.0, whose score needs its table of 270 macro vectors.
 */
import type { Severity } from '../../core/index.ts';

type Metrics = ReadonlyMap<string, string>;
type Weights = Readonly<Record<string, number>>;

/** Undefined for a vector of another version, with a missing metric or an unknown value. */
export function findBaseScore(vector: string): number | undefined {
  const text = vector.trim();
  const metrics = new Map(
    text.split('/').map((part): [string, string] => {
      const colon = part.indexOf(':');
      return [part.slice(0, colon), part.slice(colon + 1)];
    }),
  );
  if (/^CVSS:3\.[01]\//.test(text)) return scoreV3(metrics);
  return text.startsWith('AV:') ? scoreV2(metrics) : undefined;
}

/** Qualitative rating scale (specification 3.1, clause 5). */
export function severityOfScore(score: number): Severity {
  if (score >= 9) return 'critical';
  if (score >= 7) return 'high';
  if (score >= 4) return 'medium';
  return score > 0 ? 'low' : 'negligible';
}

const V3: Readonly<Record<string, Weights>> = {
  AV: { N: 0.85, A: 0.62, L: 0.55, P: 0.2 },
  AC: { L: 0.77, H: 0.44 },
  UI: { N: 0.85, R: 0.62 },
  C: { H: 0.56, L: 0.22, N: 0 },
  I: { H: 0.56, L: 0.22, N: 0 },
  A: { H: 0.56, L: 0.22, N: 0 },
};
const PRIVILEGES_UNCHANGED: Weights = { N: 0.85, L: 0.62, H: 0.27 };
const PRIVILEGES_CHANGED: Weights = { N: 0.85, L: 0.68, H: 0.5 };

function scoreV3(metrics: Metrics): number | undefined {
  const scope = metrics.get('S');
  if (scope !== 'U' && scope !== 'C') return undefined;
  const privileges = (scope === 'C' ? PRIVILEGES_CHANGED : PRIVILEGES_UNCHANGED)[metrics.get('PR') ?? ''];
  const weights = ['AV', 'AC', 'UI', 'C', 'I', 'A'].map((name) => V3[name]?.[metrics.get(name) ?? '']);
  const [av, ac, ui, c, i, a] = weights;
  if (av === undefined || ac === undefined || ui === undefined || privileges === undefined) return undefined;
  if (c === undefined || i === undefined || a === undefined) return undefined;
  const base = 1 - (1 - c) * (1 - i) * (1 - a);
  const impact = scope === 'U' ? 6.42 * base : 7.52 * (base - 0.029) - 3.25 * (base - 0.02) ** 15;
  if (impact <= 0) return 0;
  const exploitability = 8.22 * av * ac * privileges * ui;
  return roundUp(Math.min((scope === 'C' ? 1.08 : 1) * (impact + exploitability), 10));
}

/** Appendix A: the smallest number with one decimal that is not below, free of binary rounding noise. */
function roundUp(value: number): number {
  const scaled = Math.round(value * 100_000);
  return scaled % 10_000 === 0 ? scaled / 100_000 : (Math.floor(scaled / 10_000) + 1) / 10;
}

const V2: Readonly<Record<string, Weights>> = {
  AV: { L: 0.395, A: 0.646, N: 1 },
  AC: { H: 0.35, M: 0.61, L: 0.71 },
  Au: { M: 0.45, S: 0.56, N: 0.704 },
  C: { N: 0, P: 0.275, C: 0.66 },
  I: { N: 0, P: 0.275, C: 0.66 },
  A: { N: 0, P: 0.275, C: 0.66 },
};

function scoreV2(metrics: Metrics): number | undefined {
  const [av, ac, au, c, i, a] = Object.keys(V2).map((name) => V2[name]?.[metrics.get(name) ?? '']);
  if (av === undefined || ac === undefined || au === undefined) return undefined;
  if (c === undefined || i === undefined || a === undefined) return undefined;
  const impact = 10.41 * (1 - (1 - c) * (1 - i) * (1 - a));
  const exploitability = 20 * av * ac * au;
  const score = (0.6 * impact + 0.4 * exploitability - 1.5) * (impact === 0 ? 0 : 1.176);
  return Math.round(Math.max(0, score) * 10) / 10;
}
