/** SBOMs in every form, judged by the libraries of SPDX and CycloneDX, in Python and in Java, SPDX 3 by the shapes of its model. */
import assert from 'node:assert/strict';
import { realpathSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sbomFormats, writeBsiSbom, writeSbom } from '../../src/metadata/sbom/index.ts';
import { fullSbom, smallSbom } from '../../src/metadata/sbom/testing.ts';
import { dataSet, hasSharedData } from '../shared-data.ts';
import { createBench, missingPeers, peer, PLIMSOLL, type Bench } from './support.ts';

const ROOT = join(import.meta.dirname, '../..');
const JUDGE = join(import.meta.dirname, 'sbom-judge.py');
const ENDINGS: Readonly<Record<string, string>> = {
  'spdx-tag-value': 'spdx',
  'spdx-yaml': 'yaml',
  'cyclonedx-xml': 'xml',
};

interface Written {
  readonly form: string;
  readonly version: string;
  readonly path: string;
}

/** Every form that some judge knows. The shapes of SPDX 3 come with the large data sets. */
const FORMS = sbomFormats
  .filter(({ id }) => id.startsWith('spdx-') || id.startsWith('cyclonedx-'))
  .flatMap(({ id, versions }) => versions.map((version) => ({ form: id, version })))
  .filter(({ version }) => version !== '3.0' || hasSharedData);

describe('judges of SBOMs', missingPeers('PEER_SPDX_TOOLS'), () => {
  let bench: Bench;
  before(async () => {
    bench = await createBench();
  });
  after(async () => await bench.stop());

  const filesFor = (name: string, forms: typeof FORMS = FORMS): readonly Written[] =>
    forms.map(({ form, version }) => ({
      form,
      version,
      path: join(bench.folder, `${name}-${form}-${version}.${ENDINGS[form] ?? 'json'}`),
    }));

  const write = async (written: readonly Written[], ...args: readonly string[]) => {
    const outputs = written.flatMap(({ form, version, path }) => ['-o', `${form}@${version}=${path}`]);
    await bench.run([PLIMSOLL, 'sbom', ...outputs, ...args]);
  };

  /** Faults by file name, of the files that have any. */
  const judge = async (written: readonly Written[]): Promise<Readonly<Record<string, readonly string[]>>> => {
    const [program = ''] = peer('PEER_SPDX_TOOLS')();
    const python = join(dirname(realpathSync(program)), 'python');
    const schemas = hasSharedData ? join(dataSet('spdx'), 'schema') : '-';
    const { stdout } = await bench.run([python, JUDGE, schemas], { input: JSON.stringify(written) });
    const faults = Object.entries(JSON.parse(stdout) as Readonly<Record<string, readonly string[]>>);
    assert.equal(faults.length, written.length);
    return Object.fromEntries(faults.filter(([, found]) => found.length > 0));
  };

  test('accept those of this repository', async () => {
    const written = filesFor('repository');
    await write(written, `dir:${ROOT}`);
    assert.deepEqual(await judge(written), {});
  });

  test('accept those of an image', hasSharedData ? {} : { skip: 'no image at hand' }, async () => {
    const written = filesFor('image');
    await write(written, `docker-archive:${join(dataSet('goldens'), 'images/alpine-310.tar.gz')}`);
    assert.deepEqual(await judge(written), {});
  });

  test('accept what uses every field, and what uses few', async () => {
    const written = [
      ...filesFor('full').map((file) => ({ ...file, sbom: fullSbom })),
      ...filesFor('small').map((file) => ({ ...file, sbom: smallSbom })),
    ];
    for (const { form, version, path, sbom } of written) await writeFile(path, writeSbom(sbom, `${form}@${version}`));
    assert.deepEqual(await judge(written), {});
  });

  test('accept the profile of the BSI', async () => {
    const forms = FORMS.filter(
      ({ form, version }) => version === '3.0' || (form.startsWith('cyclonedx-') && Number(version) >= 1.6),
    );
    const written = filesFor('bsi', forms);
    await write(written, '--profile', 'bsi', '--author', 'jane@example.com', `dir:${ROOT}`);
    assert.deepEqual(await judge(written), {});
  });

  test('refuse what is wrong, so that their silence says something', async () => {
    const damages: readonly (readonly [string, string, string])[] = [
      ['SPDXRef-DOCUMENT', 'SPDXRef DOCUMENT', 'spdx-'],
      ['"type": "library"', '"type": "libary"', 'cyclonedx-json'],
      ['type="library"', 'type="libary"', 'cyclonedx-xml'],
    ];
    const written: Written[] = [];
    for (const file of filesFor('wrong').filter(({ version }) => version !== '3.0')) {
      const [, right, wrong] = damages
        .map(([from, to, form]) => [form, from, to] as const)
        .find(([form]) => file.form.startsWith(form)) ?? ['', '', ''];
      const text = writeSbom(fullSbom, `${file.form}@${file.version}`);
      assert.ok(text.includes(right), `${right} in ${file.form}`);
      await writeFile(file.path, text.replaceAll(right, wrong));
      written.push(file);
    }
    assert.deepEqual(Object.keys(await judge(written)).sort(), written.map(({ path }) => path).sort());
  });
});

describe('the library of Dependency-Track', missingPeers('PEER_CYCLONEDX_JUDGE'), () => {
  let bench: Bench;
  before(async () => {
    bench = await createBench();
  });
  after(async () => await bench.stop());

  /** By file name, what it says of a document of this version. */
  const judge = async (versions: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, readonly string[]>> => {
    const input = [...versions].map(([path, version]) => `${version}\t${path}`).join('\n');
    const { stdout } = await bench.run(peer('PEER_CYCLONEDX_JUDGE')(), { input });
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => line.split('\t'));
    const said = (path: string) => lines.flatMap(([of, text = '']) => (of === path ? [text] : []));
    return new Map([...versions.keys()].map((path) => [path, said(path)]));
  };

  test('takes in what is written, in every form and of every field', async () => {
    const versions = new Map<string, string>();
    const write = async (path: string, version: string, text: string) => {
      versions.set(path, version);
      await writeFile(join(bench.folder, path), text);
    };
    // it does not know 1.7 yet
    const known = FORMS.filter(({ form, version }) => form.startsWith('cyclonedx-') && version !== '1.7');
    for (const { form, version } of known) {
      const target = `${form}@${version}`;
      await write(`full-${target}`, version, writeSbom(fullSbom, target));
      await write(`small-${target}`, version, writeSbom(smallSbom, target));
      if (version === '1.6') await write(`bsi-${target}`, version, writeBsiSbom(fullSbom, target));
    }
    for (const [path, texts] of await judge(versions)) assert.deepEqual(texts, ['ok'], path);
  });

  test('takes in the SBOM of this repository', async () => {
    const outputs = ['-o', 'cyclonedx-json@1.6=json', '-o', 'cyclonedx-xml@1.6=xml'];
    await bench.run([PLIMSOLL, 'sbom', `dir:${ROOT}`, ...outputs]);
    const said = await judge(new Map(['json', 'xml'].map((path) => [path, '1.6'])));
    for (const [path, texts] of said) assert.deepEqual(texts, ['ok'], path);
  });

  test('refuses what is wrong', async () => {
    const text = writeSbom(fullSbom, 'cyclonedx-json@1.6').replace('"type": "library"', '"type": "libary"');
    await writeFile(join(bench.folder, 'wrong'), text);
    const [first = ''] = (await judge(new Map([['wrong', '1.6']]))).get('wrong') ?? [];
    assert.match(first, /type: does not have a value in the enumeration/);
  });
});
