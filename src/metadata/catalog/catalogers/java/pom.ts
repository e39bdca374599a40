/**
 * Maven projects: what a pom.xml asks for, and what that needs in turn as far as the POMs of a repository in the tree tell. Of several
 * versions the nearest to the project counts (Maven's dependency mediation), over what the project manages. A range names no version.
 */
import type { FileEntry } from '../../../../core/index.ts';
import type { Scope } from '../../../sbom/index.ts';
import { SKIP } from '../../cataloger.ts';
import type { Cataloger } from '../../cataloger.ts';
import { catalogFiles, trying } from '../../components.ts';
import { addLocked } from '../../locked.ts';
import type { Locked } from '../../locked.ts';
import { mavenPurl } from './maven.ts';
import { keyOf, MAX_POM_BYTES } from './pom-model.ts';
import type { Dependency, Pom } from './pom-model.ts';
import { PomRepository } from './pom-repository.ts';

/** Of one project; large ones have some hundred. */
const MAX_DEPENDENCIES = 20_000;
const STORED = /\/([^/]+)\/[^/]+\/\1-[^/]+\.pom$/;

export const pom: Cataloger = {
  id: 'pom',
  evidence: 'declared',
  names: ['pom.xml', '*.pom'],
  select: ({ path }) =>
    (path.endsWith('pom.xml') && !/(?:^|\/)(?:target|META-INF)\//.test(path)) || STORED.test(path)
      ? { kind: 'keep', maxBytes: MAX_POM_BYTES }
      : SKIP,
  catalog: async (tree, files, context) => {
    const repository = new PomRepository(tree, files);
    const projects = files.filter(isProject);
    for (const { path } of projects) {
      context.signal?.throwIfAborted();
      // a damaged one is told of below
      await trying(path, [], async () => await repository.addProject(path));
    }
    return await catalogFiles(
      projects,
      { tree, context, finder: { foundBy: 'pom', evidence: 'manifest' } },
      async (_, file, finds) => {
        const project = await repository.load(file.path);
        if (project === undefined) return;
        addLocked(finds, file, { locked: await resolve(project, repository), identify: mavenPurl });
      },
    );
  },
};

function isProject({ path }: FileEntry): boolean {
  return path.endsWith('pom.xml');
}

/** Scopes of what is not in the product: for tests, or provided by what runs it. */
const DEVELOPMENT: ReadonlySet<string> = new Set(['test', 'provided', 'system']);

/** A dependency on its way from the project. */
interface Wanted {
  readonly dependency: Dependency;
  readonly scope: Scope;
  readonly exclusions: readonly string[];
  /** Key of who wants it. */
  readonly by: string;
}

interface Chosen {
  readonly key: string;
  readonly entry: Locked;
  readonly needs: string[];
}

async function resolve(project: Pom, repository: PomRepository): Promise<ReadonlyMap<string, Locked>> {
  const root: Chosen = {
    key: '',
    entry: {
      name: nameOf(project),
      version: plain(project.version),
      isLocal: true,
      folder: '',
      licences: project.licences,
    },
    needs: [],
  };
  const chosen = new Map<string, Chosen>([['', root]]);
  const managed = new Map(project.managed.map((entry) => [keyOf(entry), entry]));
  const hard = hardVersions(project.dependencies);
  const waiting: Wanted[] = project.dependencies.map((dependency) => ({
    dependency,
    scope: scopeOf(dependency, managed),
    exclusions: [],
    by: '',
  }));
  for (let next = waiting.shift(); next !== undefined && chosen.size <= MAX_DEPENDENCIES; next = waiting.shift()) {
    const { group, artifact } = next.dependency;
    if (group === '' || artifact === '') continue;
    const key = `${group}:${artifact}`;
    chosen.get(next.by)?.needs.push(key);
    if (chosen.has(key)) continue;
    const rule = managed.get(keyOf(next.dependency));
    // a project's own version counts before what it manages; of others, what it manages does
    const written =
      next.by === ''
        ? next.dependency.version || (rule?.version ?? '')
        : (rule?.version ?? '') || next.dependency.version;
    const version = hard.get(key) ?? plain(written);
    const coordinates = { group, artifact, version };
    const found = version === '' ? undefined : await repository.find(coordinates);
    const isLocal = repository.isProject(coordinates);
    chosen.set(key, {
      key,
      entry: { name: key, version, isLocal, scope: next.scope, licences: found?.licences ?? [] },
      needs: [],
    });
    const exclusions = [...next.exclusions, ...next.dependency.exclusions, ...(rule?.exclusions ?? [])];
    for (const dependency of found?.dependencies ?? []) {
      for (const [name, only] of hardVersions([dependency])) if (!hard.has(name)) hard.set(name, only);
      const isManagedAway = DEVELOPMENT.has(managed.get(keyOf(dependency))?.scope ?? '');
      if (isManagedAway || !isInherited(dependency, found?.managed ?? []) || isExcluded(dependency, exclusions))
        continue;
      waiting.push({ dependency: complete(dependency, found?.managed ?? []), scope: next.scope, exclusions, by: key });
    }
  }
  return new Map([...chosen.values()].map(({ key, entry, needs }) => [key, { ...entry, needs: { runtime: needs } }]));
}

function nameOf({ group, artifact }: Pom): string {
  return artifact === '' ? '' : `${group}:${artifact}`;
}

/** `[1.0]` is one version; other ranges and what nobody filled in are none. */
function plain(version: string): string {
  const only = /^\[([^,[\]()]+)\]$/.exec(version)?.[1];
  return only ?? (/[[\](),$]/.test(version) ? '' : version);
}

/** What is asked for by `[1.0]` counts wherever it is asked for. */
function hardVersions(dependencies: readonly Dependency[]): Map<string, string> {
  return new Map(
    dependencies.flatMap(({ group, artifact, version }) =>
      version.startsWith('[') && plain(version) !== '' ? [[`${group}:${artifact}`, plain(version)] as const] : [],
    ),
  );
}

function scopeOf(dependency: Dependency, managed: ReadonlyMap<string, Dependency>): Scope {
  const scope = dependency.scope || (managed.get(keyOf(dependency))?.scope ?? '');
  if (DEVELOPMENT.has(scope)) return 'development';
  return dependency.isOptional ? 'optional' : 'runtime';
}

/** What a dependency needs to run is inherited, what it needs for its own tests is not. */
function isInherited(dependency: Dependency, managed: readonly Dependency[]): boolean {
  const { scope, isOptional } = complete(dependency, managed);
  return !isOptional && (scope === '' || scope === 'compile' || scope === 'runtime');
}

/** With what the POM in which it stands manages. */
function complete(dependency: Dependency, managed: readonly Dependency[]): Dependency {
  const rule = managed.find((entry) => keyOf(entry) === keyOf(dependency));
  if (rule === undefined) return dependency;
  const { version, scope, exclusions } = dependency;
  return {
    ...dependency,
    version: version || rule.version,
    scope: scope || rule.scope,
    exclusions: [...exclusions, ...rule.exclusions],
  };
}

function isExcluded({ group, artifact }: Dependency, exclusions: readonly string[]): boolean {
  return exclusions.some((exclusion) => {
    const [excludedGroup = '', excludedArtifact = ''] = exclusion.split(':');
    return [excludedGroup, excludedArtifact].every((part, index) => part === '*' || part === [group, artifact][index]);
  });
}
