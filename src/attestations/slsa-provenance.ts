/** Builds SLSA provenance v1 predicates (slsa.dev/spec/v1.0/provenance). */
import type { ResourceDescriptor } from './resource-descriptor.ts';

export interface SlsaProvenanceInput {
  /** URI of the build's kind, which says what the external parameters mean. */
  readonly buildType: string;
  /** URI of the platform that ran the build; its signature vouches for all below. */
  readonly builderId: string;
  /** What whoever started the build could choose. */
  readonly externalParameters: Readonly<Record<string, unknown>>;
  readonly internalParameters?: Readonly<Record<string, unknown>>;
  readonly resolvedDependencies?: readonly ResourceDescriptor[];
  readonly invocationId?: string;
  readonly startedOn?: Date;
  readonly finishedOn?: Date;
}

/** The predicate, without fields that were not given. */
export function createSlsaProvenance(input: SlsaProvenanceInput): Readonly<Record<string, unknown>> {
  const metadata = {
    ...(input.invocationId === undefined ? {} : { invocationId: input.invocationId }),
    ...(input.startedOn === undefined ? {} : { startedOn: formatSeconds(input.startedOn) }),
    ...(input.finishedOn === undefined ? {} : { finishedOn: formatSeconds(input.finishedOn) }),
  };
  return {
    buildDefinition: {
      buildType: input.buildType,
      externalParameters: input.externalParameters,
      ...(input.internalParameters === undefined ? {} : { internalParameters: input.internalParameters }),
      ...(input.resolvedDependencies === undefined ? {} : { resolvedDependencies: input.resolvedDependencies }),
    },
    runDetails: {
      builder: { id: input.builderId },
      ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    },
  };
}

/** RFC 3339 in UTC, as the specification's Timestamp wants it, to the second. */
function formatSeconds(at: Date): string {
  return at.toISOString().replace(/\.\d+Z$/, 'Z');
}
