/** The project object model of Maven 4.0.0 as far as dependencies go: reading, inheritance, interpolation, imported management. */
import { AppError, parseXml } from '../../../../core/index.ts';
import type { XmlElement } from '../../../../core/index.ts';
import { textOf as decode } from '../../components.ts';

/** The largest (bills of materials) have some 500 KiB. */
export const MAX_POM_BYTES = 16 * 1024 * 1024;

export interface Dependency {
  readonly group: string;
  readonly artifact: string;
  readonly version: string;
  readonly scope: string;
  readonly type: string;
  readonly classifier: string;
  readonly isOptional: boolean;
  /** `group:artifact`, either of them perhaps `*`. */
  readonly exclusions: readonly string[];
}

export interface Parent {
  readonly group: string;
  readonly artifact: string;
  readonly version: string;
  /** Empty where the parent is in no folder beside. */
  readonly relativePath: string;
}

/** As written, or with all that is inherited and filled in. */
export interface Pom {
  readonly group: string;
  readonly artifact: string;
  readonly version: string;
  readonly parent: Parent | undefined;
  readonly properties: ReadonlyMap<string, string>;
  readonly managed: readonly Dependency[];
  readonly dependencies: readonly Dependency[];
  readonly licences: readonly string[];
}

/** Throws `invalid-input` for what is no POM. */
export function parsePom(bytes: Uint8Array, what: string): Pom {
  const project = parseXml(decode(bytes), { what, maxLength: MAX_POM_BYTES });
  if (project.name !== 'project')
    throw new AppError('invalid-input', `${what}: expected a project, found ${project.name}`);
  const parent = childOf(project, 'parent');
  const profiles = childrenOf(childOf(project, 'profiles')).filter(isActive);
  // what a profile says counts before what stands outside
  const models = [...profiles.toReversed(), project];
  return {
    group: textOf(project, 'groupId'),
    artifact: textOf(project, 'artifactId'),
    version: textOf(project, 'version'),
    parent: parent === undefined ? undefined : readParent(parent),
    properties: new Map(models.toReversed().flatMap(readProperties)),
    managed: firstOf(
      models.flatMap((model) => readDependencies(childOf(childOf(model, 'dependencyManagement'), 'dependencies'))),
    ),
    dependencies: firstOf(models.flatMap((model) => readDependencies(childOf(model, 'dependencies')))),
    licences: childrenOf(childOf(project, 'licenses'))
      .map((licence) => textOf(licence, 'name'))
      .filter((name) => name !== ''),
  };
}

/** Of profiles, those that are active where nobody asks for others; where and how it is built is not known. */
function isActive(profile: XmlElement): boolean {
  const activation = childOf(profile, 'activation');
  return activation !== undefined && textOf(activation, 'activeByDefault') === 'true';
}

function readProperties(model: XmlElement): readonly (readonly [string, string])[] {
  return childrenOf(childOf(model, 'properties')).map(({ name, text }) => [name, text.trim()]);
}

function readParent(parent: XmlElement): Parent {
  const relativePath = childOf(parent, 'relativePath');
  return {
    group: textOf(parent, 'groupId'),
    artifact: textOf(parent, 'artifactId'),
    version: textOf(parent, 'version'),
    relativePath: relativePath === undefined ? '../pom.xml' : relativePath.text.trim(),
  };
}

function readDependencies(list: XmlElement | undefined): readonly Dependency[] {
  return childrenOf(list)
    .filter(({ name }) => name === 'dependency')
    .map((raw) => ({
      group: textOf(raw, 'groupId'),
      artifact: textOf(raw, 'artifactId'),
      version: textOf(raw, 'version'),
      scope: textOf(raw, 'scope'),
      type: textOf(raw, 'type') || 'jar',
      classifier: textOf(raw, 'classifier'),
      isOptional: textOf(raw, 'optional') === 'true',
      exclusions: childrenOf(childOf(raw, 'exclusions')).map(
        (one) => `${textOf(one, 'groupId')}:${textOf(one, 'artifactId')}`,
      ),
    }));
}

function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((child) => child.name === name);
}

function childrenOf(element: XmlElement | undefined): readonly XmlElement[] {
  return element?.children ?? [];
}

function textOf(element: XmlElement, name: string): string {
  return childOf(element, name)?.text.trim() ?? '';
}

/** What makes two dependencies the same. */
export function keyOf({ group, artifact, type, classifier }: Dependency): string {
  return [group, artifact, type, classifier].join(':');
}

/** The child's own before what it inherits. */
export function inherit(child: Pom, parent: Pom | undefined): Pom {
  if (parent === undefined) {
    const { group = '', version = '' } = child.parent ?? {};
    return { ...child, group: child.group || group, version: child.version || version };
  }
  return {
    ...child,
    group: child.group || parent.group,
    version: child.version || parent.version,
    properties: new Map([...parent.properties, ...child.properties]),
    managed: firstOf([...child.managed, ...parent.managed]),
    dependencies: firstOf([...child.dependencies, ...parent.dependencies]),
    licences: child.licences.length > 0 ? child.licences : parent.licences,
  };
}

export function firstOf(dependencies: readonly Dependency[]): readonly Dependency[] {
  const first = new Map<string, Dependency>();
  for (const dependency of dependencies) if (!first.has(keyOf(dependency))) first.set(keyOf(dependency), dependency);
  return [...first.values()];
}

/** Properties that name each other; deeper is a circle. */
const MAX_ROUNDS = 16;
/** Coordinates have some ten characters; each round may double what it fills in. */
const MAX_FILLED = 4096;

/** With all properties filled in that are known; what is not known stays as it is written. */
export function interpolate(pom: Pom): Pom {
  const { group = '', artifact = '', version = '' } = pom.parent ?? {};
  const own: Readonly<Record<string, string>> = {
    groupId: pom.group,
    artifactId: pom.artifact,
    version: pom.version,
    'parent.groupId': group,
    'parent.artifactId': artifact,
    'parent.version': version,
  };
  // what the model itself says cannot be named otherwise by a property
  const valueOf = (name: string) => {
    const part = /^(?:project|pom)\.(.+)$/.exec(name)?.[1];
    const model = part !== undefined && Object.hasOwn(own, part) ? own[part] : undefined;
    return model || pom.properties.get(name) || (Object.hasOwn(own, name) ? own[name] : undefined);
  };
  const fill = (text: string): string => {
    let filled = text;
    for (let round = 0; round < MAX_ROUNDS && filled.includes('${') && filled.length < MAX_FILLED; round++) {
      filled = filled.replaceAll(/\$\{([^${}]+)\}/g, (whole, name: string) => valueOf(name) ?? whole);
    }
    return filled.trim();
  };
  const fillDependency = (dependency: Dependency): Dependency => ({
    ...dependency,
    group: fill(dependency.group),
    artifact: fill(dependency.artifact),
    version: fill(dependency.version),
    scope: fill(dependency.scope),
    classifier: fill(dependency.classifier),
    type: fill(dependency.type),
  });
  return {
    ...pom,
    group: fill(pom.group),
    artifact: fill(pom.artifact),
    version: fill(pom.version),
    managed: pom.managed.map(fillDependency),
    dependencies: pom.dependencies.map(fillDependency),
  };
}
