/** POMs of a tree: of projects by their place, of others in a Maven repository by their coordinates (`.m2/repository`). */
import { pushAll } from '../../../../core/index.ts';
import type { FileEntry, FileTree } from '../../../../core/index.ts';
import { folderOf, joinPath } from '../../paths.ts';
import { firstOf, inherit, interpolate, parsePom } from './pom-model.ts';
import type { Dependency, Parent, Pom } from './pom-model.ts';

/** Parents of parents, and imports of imports; deeper is a circle. */
const MAX_LEVELS = 32;

type Coordinates = Pick<Dependency, 'group' | 'artifact' | 'version'>;

export class PomRepository {
  readonly #tree: FileTree;
  /** Paths in repositories by `artifact:version`. */
  readonly #stored = new Map<string, string[]>();
  readonly #complete = new Map<string, Pom | undefined>();
  /** Paths of projects of the tree itself by `group:artifact:version`. */
  readonly #projects = new Map<string, string>();

  constructor(tree: FileTree, files: readonly FileEntry[]) {
    this.#tree = tree;
    for (const { path } of files) {
      const [version, artifact] = path.split('/').slice(-3, -1).reverse();
      if (!path.endsWith('.pom') || version === undefined || artifact === undefined) continue;
      const key = `${artifact}:${version}`;
      this.#stored.set(key, [...(this.#stored.get(key) ?? []), path]);
    }
  }

  /** That others of the tree may need. Throws `invalid-input` for a damaged one. */
  async addProject(path: string): Promise<void> {
    const merged = await this.#merge(path, 0);
    if (merged !== undefined) this.#projects.set(coordinatesOf(interpolate(merged)), path);
  }

  isProject(coordinates: Coordinates): boolean {
    return this.#projects.has(coordinatesOf(coordinates));
  }

  /** The POM of these coordinates, complete, of the tree itself before others; undefined when no repository of the tree has it. */
  async find(coordinates: Coordinates, level = 0): Promise<Pom | undefined> {
    const path = this.#pathOf(coordinates);
    return path === undefined ? undefined : await this.load(path, level);
  }

  #pathOf(coordinates: Coordinates): string | undefined {
    const { group, artifact, version } = coordinates;
    const project = this.#projects.get(coordinatesOf(coordinates));
    if (project !== undefined) return project;
    const folder = `${group.replaceAll('.', '/')}/${artifact}/${version}/`;
    const paths = this.#stored.get(`${artifact}:${version}`) ?? [];
    return paths.find((one) => one.startsWith(folder) || one.includes(`/${folder}`));
  }

  /** The POM at a path, complete. Throws `invalid-input` for a damaged one. */
  async load(path: string, level = 0): Promise<Pom | undefined> {
    const known = this.#complete.get(path);
    if (known !== undefined || this.#complete.has(path)) return known;
    // a POM that imports itself finds itself absent
    this.#complete.set(path, undefined);
    const merged = await this.#merge(path, level);
    if (merged === undefined) return undefined;
    const pom = interpolate(merged);
    const complete = { ...pom, managed: await this.#withImports(pom.managed, level + 1) };
    this.#complete.set(path, complete);
    return complete;
  }

  /** With all that it inherits, nothing filled in yet: what its parents wrote is filled in with its own properties. */
  async #merge(path: string, level: number): Promise<Pom | undefined> {
    const bytes = level > MAX_LEVELS ? undefined : await this.#tree.read(path);
    if (bytes === undefined) return undefined;
    const written = parsePom(bytes, path);
    if (written.parent === undefined) return inherit(written, undefined);
    return inherit(written, await this.#findParent(written.parent, path, level + 1));
  }

  /** Beside the project where its coordinates agree, else in a repository. */
  async #findParent(parent: Parent, path: string, level: number): Promise<Pom | undefined> {
    const place = parent.relativePath === '' ? undefined : joinPath(folderOf(path), parent.relativePath);
    for (const candidate of place === undefined ? [] : [place, `${place}/pom.xml`]) {
      const merged = this.#tree.find(candidate)?.kind === 'file' ? await this.#merge(candidate, level) : undefined;
      const beside = merged === undefined ? undefined : interpolate(merged);
      const isIt = beside?.artifact === parent.artifact && beside.group === parent.group;
      if (isIt && (beside.version === parent.version || parent.version.includes('${'))) return merged;
    }
    const stored = this.#pathOf(parent);
    return stored === undefined ? undefined : await this.#merge(stored, level);
  }

  /** What is managed by POMs that are imported counts after what a POM manages itself. */
  async #withImports(managed: readonly Dependency[], level: number): Promise<readonly Dependency[]> {
    const isImport = ({ type, scope }: Dependency) => type === 'pom' && scope === 'import';
    const own = managed.filter((entry) => !isImport(entry));
    const imported: Dependency[] = [];
    for (const entry of managed.filter(isImport)) pushAll(imported, (await this.find(entry, level))?.managed ?? []);
    return firstOf([...own, ...imported]);
  }
}

function coordinatesOf({ group, artifact, version }: Coordinates): string {
  return `${group}:${artifact}:${version}`;
}
