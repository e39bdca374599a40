/** Hostile inputs as a user would meet them: a folder, and an image of one or more layers. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeTar } from '../../src/artifacts/index.ts';
import type { TarFile } from '../../src/artifacts/index.ts';
import { digestOf } from '../../src/core/index.ts';
import type { Content, Files } from './inputs.ts';

export function writeFolder(folder: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    const full = join(folder, path);
    mkdirSync(dirname(full), { recursive: true });
    if (isLink(content)) symlinkSync(content.link, full);
    else writeFileSync(full, content, { mode: 0o755 });
  }
}

/** As `docker save` writes it. */
export async function writeImage(path: string, layers: readonly Files[]): Promise<void> {
  const tars = await Promise.all(layers.map(tarOf));
  const config = Buffer.from(
    JSON.stringify({
      os: 'linux',
      architecture: 'amd64',
      config: {},
      rootfs: { type: 'layers', diff_ids: tars.map((tar) => digestOf(tar)) },
    }),
  );
  const names = tars.map((_, index) => `${index}/layer.tar`);
  const manifest = Buffer.from(JSON.stringify([{ Config: 'config.json', RepoTags: [], Layers: names }]));
  const files = [
    { path: 'manifest.json', content: manifest },
    { path: 'config.json', content: config },
    ...tars.map((content, index) => ({ path: names[index] ?? '', content })),
  ].map((file) => ({ ...file, size: file.content.length }));
  writeFileSync(path, await collect(writeTar(files)));
}

async function tarOf(files: Files): Promise<Buffer> {
  return await collect(writeTar(Object.entries(files).map(([path, content]) => entryOf(path, content))));
}

function entryOf(path: string, content: Content): TarFile {
  if (isLink(content)) return { path, size: 0, content: new Uint8Array(), linkTarget: content.link };
  const bytes = Buffer.from(content);
  return { path, size: bytes.length, content: bytes, mode: 0o755 };
}

function isLink(content: Content): content is { readonly link: string } {
  return typeof content === 'object' && 'link' in content;
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const found: Uint8Array[] = [];
  for await (const chunk of chunks) found.push(chunk);
  return Buffer.concat(found);
}
