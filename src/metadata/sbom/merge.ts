/** Several bills as one. What each of them was about becomes a component of its own, which needs what it needed before. */
import { AppError } from '../../core/index.ts';
import { createPurl, findPurl, formatPurl } from '../ecosystem/index.ts';
import { arrangeTexts } from './licences.ts';
import { mergeComponents } from './merge-components.ts';
import { uniqueId } from './read.ts';
import type { TakenIds } from './read.ts';
import { arrangeSbom, findRoots } from './sbom.ts';
import type { Component, Dependency, Sbom } from './sbom.ts';

/** Takes the time and the tool of `base`, and its subject. Throws `usage` for nothing to merge. */
export function mergeSboms(base: Pick<Sbom, 'subject' | 'tool' | 'created'>, sboms: readonly Sbom[]): Sbom {
  if (sboms.length === 0) throw new AppError('usage', 'expected at least one SBOM to merge');
  const known = new Map<string, string>();
  const taken: TakenIds = new Map();
  const components: Component[] = [];
  const dependencies: Dependency[] = [];
  for (const sbom of sboms) {
    const ids = new Map<string, string>();
    for (const component of sbom.components) {
      const thing = identityOf(component);
      // one id for two different things: the second one gets another
      const id = known.get(thing) ?? uniqueId(component.id, taken);
      known.set(thing, id);
      ids.set(component.id, id);
      components.push(id === component.id ? component : { ...component, id });
    }
    const renamed = (wanted: readonly string[]) => wanted.map((id) => ids.get(id) ?? id);
    for (const { from, to } of sbom.dependencies) dependencies.push({ from: ids.get(from) ?? from, to: renamed(to) });
    const subject = subjectComponent(sbom, taken);
    components.push(subject);
    dependencies.push({ from: subject.id, to: renamed(findRoots(sbom)) });
  }
  const [first] = sboms;
  const isOneSystem = sboms.every(
    ({ distro }) => distro?.id === first?.distro?.id && distro?.versionId === first?.distro?.versionId,
  );
  const texts = arrangeTexts(sboms.flatMap(({ licenceTexts = [] }) => licenceTexts));
  const layers = new Map(sboms.flatMap((sbom) => sbom.layers ?? []).map((layer) => [layer.diffId, layer]));
  return arrangeSbom({
    ...base,
    ...(texts.length === 0 ? {} : { licenceTexts: texts }),
    ...(layers.size === 0 ? {} : { layers: [...layers.values()] }),
    ...(isOneSystem && first?.distro !== undefined ? { distro: first.distro } : {}),
    components: mergeComponents(components),
    dependencies,
    skipped: sboms.flatMap(({ subject, skipped }) =>
      skipped.map(({ path, reason }) => ({ path: `${subject.name}: ${path}`, reason })),
    ),
  });
}

/** The package URL where it says the version, however tools spell it and name the component; else all that they say. */
function identityOf({ id, name, version, purl }: Component): string {
  const parts = findPurl(purl ?? '');
  if (parts?.version === undefined) return JSON.stringify([id, name, version, purl]);
  const qualifiers = Object.fromEntries([...parts.qualifiers].filter(([key]) => key !== 'upstream'));
  return formatPurl(createPurl({ ...parts, qualifiers }));
}

function subjectComponent({ subject, distro }: Sbom, taken: TakenIds): Component {
  const [algorithm, value] = subject.digest?.split(':') ?? [];
  const isHash = (algorithm === 'sha256' || algorithm === 'sha512') && value !== undefined;
  const version = subject.version ?? '';
  return {
    id: uniqueId(`${subject.kind}:${subject.name}${subject.digest === undefined ? '' : `@${subject.digest}`}`, taken),
    kind: subject.kind === 'file' ? 'file' : 'application',
    name: subject.name,
    version,
    licences: [],
    locations: [],
    hashes: isHash ? [{ algorithm, value }] : [],
    scope: 'runtime',
    properties: {
      ...(distro === undefined ? {} : { 'distro:id': distro.id }),
      ...(distro?.versionId === undefined ? {} : { 'distro:versionId': distro.versionId }),
    },
  };
}
