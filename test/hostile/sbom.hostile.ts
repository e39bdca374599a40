/**
 * `plimsoll sbom` over sources made to harm it: an answer within ceilings, what was not read is said, nothing else is in the answer than
 * what the source holds.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runUnder } from './child.ts';
import type { Ceilings, ChildRun } from './child.ts';
import { INPUTS } from './inputs.ts';
import { writeFolder, writeImage } from './sources.ts';

/** Generous: a fast machine needs a tenth of the time. */
const CEILINGS: Ceilings = { seconds: 180, mebibytes: 2048 };

const place = mkdtempSync(join(tmpdir(), 'plimsoll-hostile-'));
// Node's own way of removing keeps every folder open that it is in
after(() => execFileSync('rm', ['-rf', place]));

interface Answer {
  readonly components: ReadonlySet<string>;
  /** `PATH: REASON`. */
  readonly skipped: readonly string[];
}

function answerOf(run: ChildRun, mebibytes: number): Answer {
  assert.equal(run.code, 0, `exit code ${run.code} after ${run.seconds.toFixed(0)} s: ${run.stderr.slice(-2000)}`);
  assert.ok(run.peak < mebibytes, `expected at most ${mebibytes} MiB, found ${run.peak.toFixed(0)}`);
  const document = JSON.parse(run.stdout) as {
    readonly components?: readonly { readonly purl?: string }[];
    readonly metadata: { readonly properties?: readonly { readonly name: string; readonly value: string }[] };
  };
  const skipped = (document.metadata.properties ?? [])
    .filter(({ name }) => name === 'plimsoll:skipped')
    .map(({ value }) => JSON.parse(value) as { readonly path: string; readonly reason: string });
  return {
    components: new Set((document.components ?? []).flatMap(({ purl }) => purl ?? [])),
    skipped: skipped.map(({ path, reason }) => `${path}: ${reason}`),
  };
}

async function sbomOf(
  source: string,
  mebibytes = CEILINGS.mebibytes,
): Promise<{ readonly run: ChildRun; readonly answer: Answer }> {
  const run = await runUnder(['sbom', '-o', 'cyclonedx-json', source], place, CEILINGS);
  return { run, answer: answerOf(run, mebibytes) };
}

const shown = ({ run }: { readonly run: ChildRun }) => `${run.seconds.toFixed(1)} s, ${run.peak.toFixed(0)} MiB`;

for (const [index, input] of INPUTS.entries()) {
  test(`${input.name}: a folder`, async (context) => {
    const folder = join(place, `folder-${index}`);
    writeFolder(folder, input.files());
    const found = await sbomOf(`dir:${folder}`, input.mebibytes);
    context.diagnostic(shown(found));
    const { components, skipped } = found.answer;
    for (const pattern of input.skipped)
      assert.ok(
        skipped.some((line) => pattern.test(line)),
        `${pattern} in ${skipped.slice(0, 20).join('\n')}`,
      );
    for (const purl of input.found ?? []) assert.ok(components.has(purl), purl);
    rmSync(folder, { recursive: true });
  });

  test(`${input.name}: an image`, async (context) => {
    const path = join(place, `image-${index}.tar`);
    await writeImage(path, input.layers?.() ?? [input.files()]);
    const found = await sbomOf(`docker-archive:${path}`);
    context.diagnostic(shown(found));
    rmSync(path);
  });
}

test('nothing outside of a folder is read through its links', async () => {
  const [outside, folder] = [join(place, 'outside'), join(place, 'linked')];
  writeFolder(outside, {
    'package-lock.json': '{"lockfileVersion":3,"packages":{"node_modules/secret":{"version":"6.6.6"}}}',
    'lib/apk/db/installed': 'P:secret\nV:6\nA:x86_64\n\n',
  });
  writeFolder(folder, {
    'package-lock.json': { link: join(outside, 'package-lock.json') },
    'a/package-lock.json': { link: '../../outside/package-lock.json' },
    sub: { link: '../outside' },
    lib: { link: join(outside, 'lib') },
  });
  const { answer } = await sbomOf(`dir:${folder}`);
  assert.deepEqual([...answer.components], []);
});

test('a hundred thousand folders in each other end where it is said, beside each other they are walked', async (context) => {
  const folder = join(place, 'deep');
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'package-lock.json'),
    '{"lockfileVersion":3,"packages":{"node_modules/left-pad":{"version":"1.3.0"}}}',
  );
  const before = process.cwd();
  process.chdir(folder);
  for (let depth = 0; depth < 100_000; depth++) {
    mkdirSync('d');
    process.chdir('d');
  }
  process.chdir(before);
  for (let index = 0; index < 100_000; index++) mkdirSync(join(folder, `wide-${index}`));
  const found = await sbomOf(`dir:${folder}`);
  context.diagnostic(shown(found));
  assert.ok(found.answer.skipped.some((line) => /deeper than \d+ folders/.test(line)));
  assert.ok(found.answer.components.has('pkg:npm/left-pad@1.3.0'));
});
