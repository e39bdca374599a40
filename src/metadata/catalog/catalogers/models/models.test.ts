import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryTree } from '../../../../core/testing.ts';
import { catalogSelector, catalogTree } from '../../index.ts';
import { createGguf, createSafetensors } from './testing.ts';

const catalog = async (files: Readonly<Record<string, Uint8Array>>) =>
  await catalogTree(createMemoryTree(files, catalogSelector), { declared: false });

test('a model in GGUF has name, version, licence and architecture, and is from Hugging Face where it says so', async () => {
  const header = createGguf({
    'general.name': 'Llama Tiny',
    'general.version': '2.0',
    'general.license': 'apache-2.0',
    'general.architecture': 'llama',
    'general.repo_url': 'https://huggingface.co/acme/llama-tiny',
  });
  const found = await catalog({ 'models/x.gguf': Buffer.concat([header, Buffer.alloc(100_000)]) });
  assert.deepEqual(
    found.components.map(({ name, version, purl, licences, properties }) => [
      name,
      version,
      purl,
      licences,
      properties,
    ]),
    [['Llama Tiny', '2.0', 'pkg:huggingface/acme/llama-tiny', ['apache-2.0'], { 'model:architecture': 'llama' }]],
  );
});

test('of a model only the texts of its header are kept', () => {
  const selection = catalogSelector.select({ path: 'models/x.safetensors', mode: 0o644, size: 10_000_000_000 });
  assert.equal(selection.kind, 'condense');
  if (selection.kind !== 'condense') return;
  const model = createSafetensors({ format: 'pt', 'modelspec.title': 'Tiny', training: 'x'.repeat(10_000) });
  const condenser = selection.open(model.subarray(0, 16), 10_000_000_000);
  assert.equal(condenser?.bytes, model.length - 4);
  condenser?.write(model);
  for (let index = 0; index < 10; index++) condenser?.write(Buffer.alloc(1_000_000));
  assert.equal(String(condenser?.end()), '{"texts":{"format":"pt","modelspec.title":"Tiny"}}');
});

test('the files of one model in safetensors are one component', async () => {
  const part = createSafetensors({ format: 'pt' });
  const { components } = await catalog({
    'm/model-00001-of-00002.safetensors': part,
    'm/model-00002-of-00002.safetensors': part,
  });
  assert.deepEqual(
    components.map(({ purl, locations }) => [purl, locations.length]),
    [['pkg:generic/model', 2]],
  );
});

test('a header that lies about its length, or is cut off, is said to be skipped', async () => {
  const sound = createGguf({ 'general.name': 'Tiny' });
  const long = Buffer.from(sound);
  long.writeBigUInt64LE(2n ** 62n, 24);
  const many = Buffer.from(sound);
  many.writeBigUInt64LE(2n ** 63n, 16);
  const huge = Buffer.alloc(16, 0xff);
  for (const [path, content] of [
    ['a.gguf', long],
    ['a.gguf', many],
    ['a.gguf', sound.subarray(0, 40)],
    ['a.gguf', Buffer.alloc(0)],
    ['a.safetensors', huge],
    ['a.safetensors', Buffer.alloc(4)],
  ] as const) {
    const found = await catalog({ [path]: content });
    assert.deepEqual([found.components.length, found.skipped.length], [0, 1]);
  }
});
