/**
 * Bills of materials at size, beside inflate with SHA-256 alone and beside the scanners whose programs are in the environment (PEER_SYFT,
 * PEER_TRIVY): an image of Debian with an application of Node, a program of Go, archives of Java and an environment of Python; one of 4 GiB
 * for memory (BENCH_GIB); this repository with its node_modules. All in one run, as ratios.
 */
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as software from '../scripts/sample-software.ts';
import { createSbom } from '../src/app/sbom.ts';
import { resolveSettings } from '../src/core/index.ts';
import { createPorts } from '../src/io/index.ts';
import { makeTrivyCache, OFFLINE, SCANNERS, type Scanner } from '../test/interop/sbom-peers.ts';
import { makeBigImage } from './big-image.ts';
import { formatTable, measure, type Measured, type Row } from './measure.ts';
import { createPrograms, plimsoll } from './programs.ts';

const ROUNDS = 3;
const LAYERS = 8;
/** Milliseconds and MiB. */
const WARM_CEILING = 50;
const MEMORY_CEILING = 250;
const gibibytes = Number(process.env.BENCH_GIB ?? 4);
const repository = join(import.meta.dirname, '..');
const programs = createPrograms();
const rows: Row[] = [];
const ours = SCANNERS[0] as Scanner;
const peers = SCANNERS.filter(({ name, variable }) => /syft|trivy/.test(name) && process.env[variable] !== undefined);

try {
  await makeTrivyCache(join(programs.folder, 'trivy'));
  makeImage('image');
  const what = `SBOM of an image of ${sizeOf('image')} MiB`;
  benchCold(what);
  await benchMemory(what);
  await benchWarm(what);
  rmSync(join(programs.folder, 'image'), { recursive: true });
  makeBigImage(join(programs.folder, 'image'), LAYERS, (gibibytes / LAYERS) * 1024 ** 3);
  rows.push(await memoryRow(`SBOM of an image of ${gibibytes} GiB, its peak memory`));
  benchFolder();
  process.stdout.write(`${formatTable(rows)}\n`);
} finally {
  programs.stop();
}

function makeImage(layout: string): void {
  const folder = join(programs.folder, 'software');
  const layers: Readonly<Record<string, (at: string) => void>> = {
    debian: (at) => software.makeDebianRoot(at, software.LARGE_DEBIAN),
    node: (at) => software.makeNodeProject(join(at, 'srv/app')),
    go: (at) => software.makeProgram(join(at, 'usr/local/bin/tool'), process.env.PEER_DISTRIBUTION3 ?? plimsoll),
    java: (at) => software.makeJars(join(at, 'opt/jars')),
    python: (at) => software.makePythonEnvironment(join(at, 'opt/venv')),
  };
  const files = Object.entries(layers).flatMap(([name, make]) => {
    const tar = join(programs.folder, `${name}.tar`);
    mkdirSync(join(folder, name), { recursive: true });
    make(join(folder, name));
    software.packLayer(join(folder, name), tar);
    return ['-f', tar];
  });
  programs.run(plimsoll, ['append', ...files, '-o', `oci:${layout}`]);
  rmSync(folder, { recursive: true });
}

function blobsOf(layout: string): readonly string[] {
  const folder = join(programs.folder, layout, 'blobs/sha256');
  return readdirSync(folder).map((name) => join(folder, name));
}

/** MiB as stored. */
function sizeOf(layout: string): number {
  return Math.round(blobsOf(layout).reduce((sum, path) => sum + statSync(path).size, 0) / 1024 ** 2);
}

/** Nothing of layers is known to anybody. What V8 compiled is kept: the others' programs are compiled. */
function forget(): void {
  for (const name of ['cache/v1', 'trivy/fanal']) rmSync(join(programs.folder, name), { recursive: true, force: true });
}

type Words = readonly [program: string, ...args: string[]];

/** Of ours, the installed program; of all, without a network. */
function imageCommand({ name, image }: Scanner): Words {
  const [[program = '', ...args] = []] = image?.('image', `${name}.json`) ?? [];
  return offline(name === 'plimsoll' ? plimsoll : program, args);
}

function offline(program: string, args: readonly string[]): Words {
  return ['env', ...Object.entries(OFFLINE).map(([name, value]) => `${name}=${value}`), program, ...args];
}

/** In turns, so that none has a quieter machine. */
function inTurns(commands: ReadonlyMap<string, Words>): ReadonlyMap<string, Measured> {
  const times = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, [program, ...args]] of commands) {
      forget();
      const start = performance.now();
      programs.run(program, args);
      times.set(name, [...(times.get(name) ?? []), performance.now() - start]);
    }
  }
  return new Map([...times].map(([name, all]) => [name, { median: all.sort((a, b) => a - b)[ROUNDS >> 1] ?? NaN }]));
}

function addRows(operation: string, commands: ReadonlyMap<string, Words>): void {
  const [[, mine] = ['', { median: NaN }], ...others] = inTurns(commands);
  for (const [other, theirs] of others) rows.push({ operation, ours: mine, other, theirs });
}

function benchCold(what: string): void {
  const layers = blobsOf('image').filter((path) => statSync(path).size > 1024 ** 2);
  const limits = [
    ['inflate and SHA-256 alone, by streams', 'streams'],
    ['inflate and SHA-256 alone, in place', 'in-place'],
  ].map(([name = '', way = '']): [string, Words] => [
    name,
    [process.execPath, join(import.meta.dirname, 'inflate-limit.ts'), way, ...layers],
  ]);
  const all = [ours, ...peers].map((scanner) => [scanner.name, imageCommand(scanner)] as const);
  const [first, ...rest] = all;
  if (first === undefined) return;
  addRows(what, new Map([first, ...limits, ...rest]));
}

async function memoryRow(operation: string, other = 'the ceiling set for it', theirs = MEMORY_CEILING): Promise<Row> {
  forget();
  const [program, ...args] = imageCommand(ours);
  const peak = await programs.peakMemory(program, args);
  return { operation, ours: { median: peak }, other, theirs: { median: theirs }, unit: 'MiB' };
}

async function benchMemory(what: string): Promise<void> {
  rows.push(await memoryRow(`${what}, its peak memory`));
  for (const scanner of peers) {
    forget();
    const [program, ...args] = imageCommand(scanner);
    rows.push(await memoryRow(`${what}, its peak memory`, scanner.name, await programs.peakMemory(program, args)));
  }
}

async function benchWarm(what: string): Promise<void> {
  const folder = join(programs.folder, 'cache');
  const settings = resolveSettings({ flags: {}, file: {} }, { PLIMSOLL_CACHE_DIR: folder }, programs.folder);
  // as the bundle, the program keeps what it found in an image; from sources it puts the image together again, as where a layer changed
  for (const [known, bundle] of [
    ['the image', join(repository, 'dist/main.cjs')],
    ['all its layers', undefined],
  ] as const) {
    const quiet = { verbose: false, progress: () => undefined };
    const ports = createPorts({ settings, home: programs.folder, ...quiet, bundle });
    rows.push({
      operation: `${what}, ${known} known, in process`,
      ours: await measure(async () => await createSbom(ports, `oci-dir:${join(programs.folder, 'image')}`)),
      other: 'the ceiling set for it',
      theirs: { median: WARM_CEILING },
    });
  }
  const [program, ...args] = imageCommand(ours);
  rows.push({
    operation: `${what}, the image known, whole process`,
    ours: await measure(() => programs.run(program, args), { budget: 0, least: ROUNDS }),
    other: 'node starting',
    theirs: await measure(() => programs.run(process.execPath, ['-e', '0']), { budget: 0, least: ROUNDS }),
  });
}

function benchFolder(): void {
  const commands = [ours, ...peers].map(({ name, folder }) => {
    // trivy's first command reads lock files only, its last what is installed
    const [program = '', ...args] = folder(repository, `${name}.json`, 'js').at(-1) ?? [];
    return [name, offline(name === 'plimsoll' ? plimsoll : program, args)] as const;
  });
  addRows('SBOM of this repository with its node_modules', new Map(commands));
}
