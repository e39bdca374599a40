/**
 * Registries and layers at size: an image of 1 GiB read and copied, beside inflate with SHA-256 alone, and beside the peers whose programs
 * are in the environment (PEER_CRANE, PEER_SKOPEO); small questions from a cold start. All in one run, as ratios. BENCH_MIB is the image's
 * size, 1024 if absent.
 */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makeBigImage } from './big-image.ts';
import { formatTable, measure, type Measured, type Row } from './measure.ts';
import { createPrograms, plimsoll } from './programs.ts';

const LAYERS = 8;
const ROUNDS = { budget: 0, least: 3 };
const mebibytes = Number(process.env.BENCH_MIB ?? 1024);
const programs = createPrograms();
const layout = join(programs.folder, 'layout');
const rows: Row[] = [];

try {
  makeBigImage(layout, LAYERS, (mebibytes / LAYERS) * 1024 * 1024);
  await benchReading();
  await benchSharedBase();
  const from = await serveRegistry('from');
  const image = `${from}/bench/big:latest`;
  programs.run(plimsoll, ['push', layout, image]);
  await benchCopy(image);
  await benchQuestions(`${from}/bench/big`);
  process.stdout.write(`${formatTable(rows)}\n`);
} finally {
  programs.stop();
}

async function serveRegistry(name: string): Promise<string> {
  const dir = join(programs.folder, name);
  return new URL(await programs.serve(['registry', 'serve', '--address', '127.0.0.1:0', '--dir', dir])).host;
}

function forget(): void {
  rmSync(join(programs.folder, 'cache'), { recursive: true, force: true });
}

async function benchReading(): Promise<void> {
  const blobs = readdirSync(join(layout, 'blobs/sha256')).map((name) => join(layout, 'blobs/sha256', name));
  const layers = blobs.filter((path) => statSync(path).size > 1024 * 1024);
  const words = ['sbom', `oci-dir:${layout}`, '-o', 'spdx-json'];
  const ours: number[] = [];
  const limit: number[] = [];
  // in turns, so that neither has a quieter machine
  for (let round = 0; round < ROUNDS.least; round += 1) {
    forget();
    ours.push(time(plimsoll, words));
    limit.push(time(process.execPath, [join(import.meta.dirname, 'inflate-limit.ts'), ...layers]));
  }
  rows.push({
    operation: `sbom of an image of ${mebibytes} MiB, whole process`,
    ours: middle(ours),
    other: 'inflate and SHA-256 alone, all processors',
    theirs: middle(limit),
  });
  forget();
  rows.push({
    operation: `its peak memory`,
    ours: { median: await programs.peakMemory(plimsoll, words) },
    other: 'the ceiling set for it',
    theirs: { median: 250 },
    unit: 'MiB',
  });
}

/** A second image on the same layers, with a small one more. */
async function benchSharedBase(): Promise<void> {
  const words = ['sbom', `oci-dir:${layout}`, '-o', 'spdx-json'];
  const again = await measure(() => programs.run(plimsoll, words), ROUNDS);
  const start = await measure(() => programs.run(process.execPath, ['-e', '0']), ROUNDS);
  rows.push({
    operation: 'sbom with all its layers known, whole process',
    ours: again,
    other: 'node starting',
    theirs: start,
  });
}

async function benchCopy(image: string): Promise<void> {
  const { PEER_CRANE: crane, PEER_SKOPEO: skopeo } = process.env;
  const options = ['--insecure-policy', 'copy', '--all', '--src-tls-verify=false', '--dest-tls-verify=false'];
  const copies: readonly (readonly [string, string | undefined, (target: string) => readonly string[]])[] = [
    ['plimsoll', plimsoll, (target) => ['copy', image, target]],
    ['crane copy', crane, (target) => ['copy', '--insecure', image, target]],
    ['skopeo copy', skopeo, (target) => [...options, `docker://${image}`, `docker://${target}`]],
  ];
  const times = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS.least; round += 1) {
    for (const [name, program, args] of copies) {
      if (program === undefined) continue;
      // a registry of its own each time: a blob that is there already is not sent
      const dir = `to-${name}-${round}`;
      const target = `${await serveRegistry(dir)}/bench/big:latest`;
      times.set(name, [...(times.get(name) ?? []), time(program, args(target))]);
      rmSync(join(programs.folder, dir), { recursive: true, force: true });
    }
  }
  const { plimsoll: ours = [], ...theirs } = Object.fromEntries(times);
  for (const [other, durations] of Object.entries(theirs)) {
    const operation = `copy an image of ${mebibytes} MiB between registries`;
    rows.push({ operation, ours: middle(ours), other, theirs: middle(durations) });
  }
}

async function benchQuestions(repository: string): Promise<void> {
  const { PEER_CRANE: crane } = process.env;
  const questions = { digest: `${repository}:latest`, manifest: `${repository}:latest`, ls: repository };
  for (const [question, about] of Object.entries(questions)) {
    const theirs = (): string =>
      crane === undefined
        ? programs.run(process.execPath, ['-e', '0'])
        : programs.run(crane, [question, '--insecure', about]);
    rows.push({
      operation: `${question}, cold start`,
      ours: await measure(() => programs.run(plimsoll, [question, about])),
      other: crane === undefined ? 'node starting' : `crane ${question}`,
      theirs: await measure(theirs),
    });
  }
}

function time(program: string, args: readonly string[]): number {
  const start = performance.now();
  programs.run(program, args);
  return performance.now() - start;
}

function middle(times: readonly number[]): Measured {
  return { median: times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? NaN };
}
