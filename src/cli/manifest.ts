/** Manifests of Kubernetes as commands take them with `-f`. */
import { AppError } from '../core/index.ts';
import type { Context } from './command.ts';

/** Ceiling of a manifest: Helm output of a whole platform stays below it. */
const MAX_MANIFEST_BYTES = 32 * 1024 * 1024;
/** Of one folder; those of whole platforms have some hundred. */
const MAX_FILES = 2000;
const MANIFEST = /\.(?:json|ya?ml)$/;

export interface ManifestText {
  readonly name: string;
  readonly text: string;
}

/** Files, `-` for standard input, and folders, of which each file that ends in `.json`, `.yaml` or `.yml` counts, as with kubectl. */
export async function readManifests(names: readonly string[], context: Context): Promise<readonly ManifestText[]> {
  const found = await Promise.all(
    names.map(async (name) => {
      const isFolder = name !== '-' && (await context.ports.files.stat(name))?.kind === 'directory';
      const files = isFolder ? await listManifests(name, context) : [name];
      return await Promise.all(files.map((file) => readManifest(file, context)));
    }),
  );
  return found.flat();
}

async function listManifests(folder: string, { ports }: Context): Promise<readonly string[]> {
  const names = (await ports.files.list(folder)).filter((name) => MANIFEST.test(name));
  if (names.length === 0 || names.length > MAX_FILES) {
    const expected = `1 to ${MAX_FILES} files that end in .json, .yaml or .yml`;
    throw new AppError('invalid-input', `${folder}: expected ${expected}, found ${names.length}`);
  }
  return names.map((name) => `${folder.replace(/\/$/, '')}/${name}`);
}

async function readManifest(name: string, context: Context): Promise<ManifestText> {
  const bytes =
    name === '-'
      ? await context.readInput(MAX_MANIFEST_BYTES)
      : await context.ports.files.read(name, MAX_MANIFEST_BYTES);
  return { name: name === '-' ? 'standard input' : name, text: new TextDecoder().decode(bytes) };
}
