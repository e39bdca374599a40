import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dataSet, needsSharedData } from '../../test/shared-data.ts';
import { createTestPorts, temporaryFolder } from '../io/testing.ts';
import { createSbom, formatSbom, loadForWriting, loadSbom, parseSbom } from './sbom.ts';

interface GoldenPackage {
  readonly Name: string;
  readonly SrcName: string;
  readonly Licenses: readonly string[];
}

test(
  'a real Alpine image holds exactly the packages that another scanner lists, with sources and edges',
  needsSharedData,
  async () => {
    const goldens = dataSet('goldens');
    const golden = JSON.parse(
      readFileSync(join(goldens, 'trivy-image-packages/alpine-310.json.golden'), 'utf8'),
    ) as readonly GoldenPackage[];
    const sbom = await createSbom(createTestPorts(), join(goldens, 'images/alpine-310.tar.gz'));
    // The list was made from another build of the image: packages and sources are the same, four versions are not.
    assert.deepEqual(
      sbom.components.map(({ name, source }) => `${name} of ${source?.name ?? name}`).sort(),
      golden.map(({ Name, SrcName }) => `${Name} of ${SrcName}`).sort(),
    );
    const nameOf = (id: string) => /\/([^/@]+)@/.exec(id)?.[1];
    // the other scanner takes any BSD licence for the one of three clauses
    assert.deepEqual(
      sbom.components.map(({ name, licences }) => `${name} ${[...licences].sort().join(' ')}`).sort(),
      golden
        .map(
          ({ Name, Licenses }) =>
            `${Name} ${Licenses.map((id) => (id === 'BSD-3-Clause' ? 'BSD' : id))
              .sort()
              .join(' ')}`,
        )
        .sort(),
    );
    const edges = new Map(sbom.dependencies.map(({ from, to }) => [nameOf(from), to.map(nameOf)]));
    assert.deepEqual(edges.get('apk-tools'), ['libcrypto1.1', 'libssl1.1', 'musl', 'zlib']);
    assert.equal(edges.get('musl'), undefined);
    assert.ok(
      sbom.components.some(({ id }) =>
        id.startsWith('pkg:apk/alpine/busybox@1.30.1-r3?arch=x86_64&distro=alpine-3.10'),
      ),
    );
    assert.equal(sbom.distro?.id, 'alpine');
    assert.match(sbom.distro?.versionId ?? '', /^3\.10/);
    assert.ok(sbom.components.every(({ introducedBy }) => introducedBy?.index === 0));
    assert.equal(sbom.subject.kind, 'image');
  },
);

test('the same image gives the same document, byte for byte', needsSharedData, async () => {
  const path = join(dataSet('goldens'), 'images/alpine-310.tar.gz');
  for (const format of ['spdx-json', 'cyclonedx-json']) {
    const [first, second] = [await createSbom(createTestPorts(), path), await createSbom(createTestPorts(), path)];
    assert.equal(formatSbom(first, format), formatSbom(second, format));
    assert.deepEqual(parseSbom(formatSbom(first, format)), first);
  }
});

test("other tools' documents are read, bare and in an attestation", needsSharedData, async () => {
  const root = join(dataSet('goldens'), 'trivy-sbom-input');
  for (const name of ['centos-7-cyclonedx.json', 'centos-7-cyclonedx.intoto.jsonl', 'centos-7-spdx.json']) {
    const sbom = await loadSbom(createTestPorts(), join(root, name));
    assert.equal(sbom.distro?.id, 'centos', name);
    assert.deepEqual(
      sbom.components.map((component) => component.name).filter((found) => found !== 'centos'),
      ['bash', 'openssl-libs'],
      name,
    );
  }
});

test('a document without a time gets that of its writing, which SPDX asks for', async () => {
  const path = join(temporaryFolder(), 'app.cdx.json');
  const ports = createTestPorts({ environment: { SOURCE_DATE_EPOCH: '86400' } });
  await ports.files.writeAtomic(path, '{"bomFormat":"CycloneDX","specVersion":"1.5","components":[]}');
  const { sbom } = await loadForWriting(ports, path);
  assert.equal(sbom.created, '1970-01-02T00:00:00Z');
});
