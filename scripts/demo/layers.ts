/** Real layers out of what this machine has: its package database, and the libraries that this project runs on. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../run.ts';

export interface Layers {
  readonly base: string;
  readonly libraries: string;
  /** Where the package database is from, for people. */
  readonly origin: string;
}

export function makeLayers(folder: string): Layers {
  const base = join(folder, 'base.tar');
  const libraries = join(folder, 'libraries.tar');
  const origin = makeBase(base);
  tar(libraries, root, [...runtimeLibraries(), ...goPrograms()]);
  return { base, libraries, origin };
}

/** A layer that holds one small file. */
export function makeTextLayer(folder: string, name: string, text: string): string {
  const path = join(folder, `${name}.tar`);
  mkdirSync(join(folder, name, 'srv'), { recursive: true });
  writeFileSync(join(folder, name, 'srv/index.html'), text);
  tar(path, join(folder, name), ['srv']);
  return path;
}

function makeBase(path: string): string {
  const release = ['etc/os-release', 'usr/lib/os-release'].filter((file) => existsSync(`/${file}`));
  if (existsSync('/var/lib/dpkg/status')) {
    const licences = readdirSync('/usr/share/doc')
      .map((name) => `usr/share/doc/${name}/copyright`)
      .filter((file) => existsSync(`/${file}`));
    tar(path, '/', [...release, 'var/lib/dpkg/status', ...licences]);
    return "this machine's Debian package database";
  }
  if (existsSync('/lib/apk/db/installed')) {
    tar(path, '/', [...release, 'lib/apk/db/installed']);
    return "this machine's Alpine package database";
  }
  tar(path, join(root, 'examples/demo/alpine'), ['etc', 'lib']);
  return 'the bundled package database of alpine:3.10';
}

/** Folders of the libraries that the program runs with, as the lockfile lists them. */
function runtimeLibraries(): string[] {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
  };
  const paths = Object.entries(lock.packages).flatMap(([path, { dev }]) => (path === '' || dev === true ? [] : [path]));
  return paths.filter((path) => existsSync(join(root, path)) && !paths.some((other) => path.startsWith(`${other}/`)));
}

/** A program written in Go that comes with the development dependencies, so that the images hold one. */
function goPrograms(): string[] {
  const path = `node_modules/@oxlint-tsgolint/${process.platform}-${process.arch}/tsgolint`;
  return existsSync(join(root, path)) ? [path] : [];
}

function tar(path: string, folder: string, files: readonly string[]): void {
  const list = files.join('\n');
  const result = spawnSync('tar', ['-cf', path, '-C', folder, '-T', '-'], { input: list, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`tar: ${result.error?.message ?? result.stderr}`);
}
