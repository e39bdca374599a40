/** Which licences the components of a source are under, and which of them a policy does not let through. */
import { AppError, arrayOf, object, optional, parseYamlDocuments, strictObject, string } from '../core/index.ts';
import type { Ports } from '../core/index.ts';
import { checkLicencePattern, judgeLicences, kindOfLicences, matchesPattern } from '../metadata/sbom/index.ts';
import type { Component, LicenceKind, LicenceOutcome, LicencePolicy, Sbom } from '../metadata/sbom/index.ts';

/** What a component may do although the policy does not let it through. */
export interface LicenceException {
  /** Package URL, `*` for any part of it; without qualifiers it is for all of them. */
  readonly package: string;
  /** Only for these; for whatever it is under when absent. */
  readonly licences?: readonly string[] | undefined;
  readonly reason: string;
  /** The last day on which it holds, in UTC; for ever when absent. */
  readonly until?: string | undefined;
}

export interface LicenceUse {
  /** As the components say it; `none` where they say nothing. */
  readonly licence: string;
  readonly kind: LicenceKind;
  readonly outcome: LicenceOutcome;
  readonly components: number;
  /** Of these, those that an exception lets through. */
  readonly excepted: number;
}

export interface LicenceViolation {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly licences: readonly string[];
  readonly outcome: LicenceOutcome;
  /** The licences that stand in the way. */
  readonly because: readonly string[];
  /** What lets it through all the same. */
  readonly exception?: LicenceException;
  /** An exception for it that holds no more. */
  readonly expired?: LicenceException;
}

export interface LicenceReport {
  /** By licence, what the policy does not let through first. */
  readonly licences: readonly LicenceUse[];
  /** Those without an exception; with none of them the policy is satisfied. */
  readonly violations: readonly LicenceViolation[];
  readonly excepted: readonly LicenceViolation[];
}

/** Lists may be separated by commas. Throws `usage` for a licence that is not known. */
export function parseLicencePolicy(allow: readonly string[], deny: readonly string[]): LicencePolicy {
  const read = (where: string, words: readonly string[]) =>
    words
      .flatMap((text) => text.split(','))
      .map((text) => text.trim())
      .filter((text) => text !== '')
      .map((text) => checkLicencePattern(text, where));
  return { allow: read('--allow', allow), deny: read('--deny', deny) };
}

const MAX_FILE_BYTES = 4 * 1024 * 1024;
/** Far above what anybody keeps by hand. */
const MAX_EXCEPTIONS = 10_000;

const decodeExceptions = object({
  exceptions: arrayOf(
    strictObject({
      package: string,
      licences: optional(arrayOf(string)),
      reason: string,
      until: optional(string),
    }),
    MAX_EXCEPTIONS,
  ),
});

/** Of YAML or JSON. Throws `invalid-input` for one without a reason, or with an end that is no day. */
export async function loadLicenceExceptions(
  { files }: Pick<Ports, 'files'>,
  path: string,
): Promise<readonly LicenceException[]> {
  const text = Buffer.from(await files.read(path, MAX_FILE_BYTES)).toString('utf8');
  const { exceptions } = decodeExceptions(parseYamlDocuments(text, path, 1)[0]?.value, path);
  return exceptions.map((one, index) => {
    const where = `${path}: exceptions[${index}]`;
    if (one.reason.trim() === '') throw new AppError('invalid-input', `${where}.reason: expected why, found nothing`);
    if (one.until !== undefined && !/^\d{4}-\d\d-\d\d$/.test(one.until)) {
      throw new AppError('invalid-input', `${where}.until: expected a day like 2026-12-31, found "${one.until}"`);
    }
    return one;
  });
}

export interface LicenceRules {
  readonly policy: LicencePolicy;
  readonly exceptions: readonly LicenceException[];
  readonly at: Date;
}

export function checkLicences(sbom: Sbom, rules: LicenceRules): LicenceReport {
  const uses = new Map<string, LicenceUse>();
  const found: LicenceViolation[] = [];
  for (const component of sbom.components) {
    const { outcome, because } = judgeLicences(component.licences, rules.policy);
    const violation = outcome === 'allowed' ? undefined : describe(component, { outcome, because }, rules);
    if (violation !== undefined) found.push(violation);
    const licence = component.licences.join(' AND ') || 'none';
    const known = uses.get(licence);
    uses.set(licence, {
      licence,
      kind: kindOfLicences(component.licences),
      outcome,
      components: (known?.components ?? 0) + 1,
      excepted: (known?.excepted ?? 0) + (violation?.exception === undefined ? 0 : 1),
    });
  }
  const order = (use: LicenceUse) => ['denied', 'not-allowed', 'allowed'].indexOf(use.outcome);
  return {
    licences: [...uses.values()].sort((a, b) => order(a) - order(b) || b.components - a.components),
    violations: found.filter(({ exception }) => exception === undefined),
    excepted: found.filter(({ exception }) => exception !== undefined),
  };
}

function describe(
  component: Component,
  verdict: Pick<LicenceViolation, 'outcome' | 'because'>,
  { exceptions, at }: LicenceRules,
): LicenceViolation {
  const { id, name, version, licences } = component;
  const fitting = exceptions.filter((one) => fits(one, component, verdict.because));
  const today = at.toISOString().slice(0, 10);
  const exception = fitting.find(({ until }) => until === undefined || until >= today);
  const [expired] = exception === undefined ? fitting : [];
  return {
    id,
    name,
    version,
    licences,
    ...verdict,
    ...(exception === undefined ? {} : { exception }),
    ...(expired === undefined ? {} : { expired }),
  };
}

/** It must speak of everything that stands in the way. */
function fits(exception: LicenceException, { purl, id }: Component, because: readonly string[]): boolean {
  const full = purl ?? id;
  const shown = exception.package.includes('?') ? full : full.replace(/[?#].*$/, '');
  const { licences } = exception;
  return (
    matchesPattern(exception.package, shown) &&
    (licences === undefined || because.every((text) => licences.some((pattern) => matchesPattern(pattern, text))))
  );
}
