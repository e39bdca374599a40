import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryTree } from '../../../../core/testing.ts';
import type { MemoryFiles } from '../../../../core/testing.ts';
import { catalogSelector, catalogTree } from '../../index.ts';
import { createZip } from '../../testing.ts';

const find = async (files: MemoryFiles) =>
  await catalogTree(createMemoryTree(files, catalogSelector), { declared: true });

const properties = (group: string, artifact: string, version: string) => ({
  [`META-INF/maven/${group}/${artifact}/pom.properties`]: `#x\ngroupId=${group}\nartifactId=${artifact}\nversion=${version}\n`,
});
const manifest = (text: string) => ({ 'META-INF/MANIFEST.MF': `Manifest-Version: 1.0\r\n${text}\r\n` });

test('archives in archives are found at their place in the outermost one, and depend on each other', async () => {
  const inner = createZip(properties('g', 'inner', '1'));
  const library = createZip({ ...properties('g', 'lib', '2'), 'x/inner-1.jar': inner });
  const app = createZip({ ...properties('g', 'app', '3'), 'BOOT-INF/lib/lib-2.jar': library });
  const { components, dependencies, skipped } = await find({ 'opt/app-3.jar': app });
  assert.deepEqual(skipped, []);
  assert.deepEqual(
    components.map(({ purl, locations }) => [purl, locations[0]?.path]),
    [
      ['pkg:maven/g/app@3', 'opt/app-3.jar'],
      ['pkg:maven/g/lib@2', 'opt/app-3.jar:BOOT-INF/lib/lib-2.jar'],
      ['pkg:maven/g/inner@1', 'opt/app-3.jar:BOOT-INF/lib/lib-2.jar:x/inner-1.jar'],
    ],
  );
  assert.deepEqual(dependencies, [
    { from: 'pkg:maven/g/app@3', to: ['pkg:maven/g/lib@2'] },
    { from: 'pkg:maven/g/lib@2', to: ['pkg:maven/g/inner@1'] },
  ]);
  assert.equal(components[0]?.hashes[0]?.algorithm, 'sha1');
});

test('what was packed into an archive from others is not the archive itself', async () => {
  const shaded = createZip({ ...properties('g', 'app', '3'), ...properties('o', 'packed', '1') });
  const { components, dependencies } = await find({ 'opt/app-3-all.jar': shaded });
  assert.deepEqual(
    components.map(({ purl }) => purl),
    ['pkg:maven/g/app@3', 'pkg:maven/o/packed@1'],
  );
  assert.deepEqual(dependencies, [{ from: 'pkg:maven/g/app@3', to: ['pkg:maven/o/packed@1'] }]);
});

test('without marks of Maven, the manifest and the name of the file say what an archive is; no group is made up', async () => {
  const { components } = await find({
    'a/jackson-databind-2.9.10.jar': createZip(
      manifest(
        'Bundle-SymbolicName: com.fasterxml.jackson.core.jackson-da\r\n tabind;x=y\r\nBundle-Version: 2.9.10.v1\r\nBundle-License: Apache-2.0',
      ),
    ),
    'a/spring-web-5.3.1.jar': createZip({ 'x.class': 'x' }),
    'a/bcprov-jdk18on-1.78.jar': createZip(manifest('Bundle-SymbolicName: bcprov-jdk18on\r\nBundle-Version: 1.78')),
    'a/micrometer-commons.jar': createZip(
      manifest('Implementation-Title: io.micrometer#micrometer-commons;1.12.11\r\nImplementation-Version: 1.12.11'),
    ),
    'a/commons-io-2.6.jar': createZip(
      manifest('Bundle-SymbolicName: org.apache.commons.io\r\nImplementation-Vendor-Id: org.apache'),
    ),
    'a/mine-1.0.jar': createZip({ 'x.class': 'x' }),
    'a/plugin.hpi': createZip(manifest('Short-Name: git\r\nGroup-Id: org.jenkins-ci.plugins\r\nPlugin-Version: 4.1')),
    'a/classes.jar': createZip({ 'x.class': 'x' }),
  });
  assert.deepEqual(
    components.map(({ id, evidence, licences }) => [id, evidence, licences[0]]),
    [
      ['pkg:maven/org.bouncycastle/bcprov-jdk18on@1.78', 'installed-metadata', undefined],
      ['pkg:maven/commons-io/commons-io@2.6', 'installed-metadata', undefined],
      ['pkg:maven/com.fasterxml.jackson.core/jackson-databind@2.9.10', 'installed-metadata', 'Apache-2.0'],
      ['pkg:maven/io.micrometer/micrometer-commons@1.12.11', 'installed-metadata', undefined],
      ['java-archive:mine@1.0', 'name-guess', undefined],
      ['pkg:maven/org.jenkins-ci.plugins/git@4.1', 'installed-metadata', undefined],
      ['pkg:maven/org.springframework/spring-web@5.3.1', 'installed-metadata', undefined],
    ],
  );
});

test('an SBOM in an archive counts, at its place', async () => {
  const sbom = JSON.stringify({
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    components: [{ type: 'library', name: 'inner', version: '1', purl: 'pkg:maven/g/inner@1' }],
  });
  const { components } = await find({
    'app-1.jar': createZip({ ...properties('g', 'app', '1'), 'META-INF/sbom/application.cdx.json': sbom }),
  });
  assert.deepEqual(
    components.map(({ purl, locations }) => [purl, locations[0]?.path]),
    [
      ['pkg:maven/g/app@1', 'app-1.jar'],
      ['pkg:maven/g/inner@1', 'app-1.jar:META-INF/sbom/application.cdx.json'],
    ],
  );
});

test('a damaged inner archive is said to be skipped and hides no other', async () => {
  const good = createZip(properties('g', 'good', '1'));
  const { components, skipped } = await find({
    'app-1.war': createZip({ 'WEB-INF/lib/bad.jar': 'no archive', 'WEB-INF/lib/good-1.jar': good }),
  });
  assert.deepEqual(
    components.map(({ name }) => name),
    ['app', 'g:good'],
  );
  assert.deepEqual(
    skipped.map(({ path }) => path),
    ['app-1.war:WEB-INF/lib/bad.jar'],
  );
});

test('archives nested without end are left at a ceiling', async () => {
  let nested = createZip(properties('g', 'deepest', '1'));
  for (let level = 0; level < 20; level++) nested = createZip({ 'inner-1.jar': nested });
  const { components, skipped } = await find({ 'outer-1.jar': nested });
  assert.ok(components.every(({ name }) => name !== 'g:deepest'));
  assert.match(skipped[0]?.reason ?? '', /expected at most 8 archives in each other/);
});

const dependency = (artifact: string, more: string) =>
  `<dependency><groupId>g</groupId><artifactId>${artifact}</artifactId>${more}</dependency>`;
const project = (artifact: string, more: string) =>
  `<project xmlns="http://maven.apache.org/POM/4.0.0"><groupId>g</groupId><artifactId>${artifact}</artifactId><version>1</version>${more}</project>`;
const stored = (artifact: string, more: string) => ({
  [`root/.m2/repository/g/${artifact}/1/${artifact}-1.pom`]: project(artifact, more),
});

test('a Maven project: scopes, exclusions, the nearest version, and properties that name each other', async () => {
  const { components, dependencies } = await find({
    'pom.xml': project(
      'app',
      `<properties><v>\${w}</v><w>1</w><circle>\${circle}\${circle}</circle></properties>
       <dependencies>
         ${dependency('a', '<version>${v}</version><exclusions><exclusion><groupId>g</groupId><artifactId>unwanted</artifactId></exclusion></exclusions>')}
         ${dependency('t', '<version>1</version><scope>test</scope>')}
         ${dependency('c', '<version>${circle}</version>')}
         ${dependency('near', '<version>2</version>')}
       </dependencies>`,
    ),
    ...stored(
      'a',
      `<licenses><license><name>MIT</name></license></licenses><dependencies>${dependency('b', '<version>1</version>')}${dependency('unwanted', '<version>1</version>')}${dependency('near', '<version>1</version>')}${dependency('own-test', '<version>1</version><scope>test</scope>')}</dependencies>`,
    ),
    ...stored('b', `<dependencies>${dependency('a', '<version>1</version>')}</dependencies>`),
  });
  assert.deepEqual(
    components.map(({ name, version, scope, licences }) => [name, version, scope, licences[0]]),
    [
      ['g:app', '1', 'runtime', undefined],
      ['g:a', '1', 'runtime', 'MIT'],
      ['g:t', '1', 'development', undefined],
      ['g:c', '', 'runtime', undefined],
      ['g:near', '2', 'runtime', undefined],
      ['g:b', '1', 'runtime', undefined],
    ],
  );
  const edges = Object.fromEntries(dependencies.map(({ from, to }) => [from, to]));
  assert.deepEqual(edges['pkg:maven/g/a@1'], ['pkg:maven/g/b@1', 'pkg:maven/g/near@2']);
  assert.deepEqual(edges['pkg:maven/g/b@1'], ['pkg:maven/g/a@1']);
});

test('modules of a tree need each other, take versions from a BOM among them, and have what profiles add by default', async () => {
  const bom = '<version>1</version><type>pom</type><scope>import</scope>';
  const managed = (more: string) => `<dependencyManagement><dependencies>${more}</dependencies></dependencyManagement>`;
  const profile = (id: string, isActive: string, more: string) =>
    `<profile><id>${id}</id><activation><activeByDefault>${isActive}</activeByDefault></activation>${more}</profile>`;
  const { components, dependencies } = await find({
    'app/pom.xml': project(
      'app',
      `${managed(dependency('bom', bom))}<properties><v>1</v></properties>
       <dependencies>${dependency('lib', '<version>1</version>')}${dependency('m', '')}</dependencies><profiles>
       ${profile('on', 'true', `<properties><v>2</v></properties><dependencies>${dependency('on', '<version>${v}</version>')}</dependencies>`)}
       ${profile('off', 'false', `<dependencies>${dependency('off', '<version>1</version>')}</dependencies>`)}</profiles>`,
    ),
    'bom/pom.xml': project('bom', managed(dependency('m', '<version>5</version>'))),
    'lib/pom.xml': project('lib', `<dependencies>${dependency('deep', '<version>1</version>')}</dependencies>`),
  });
  const ids = [
    'pkg:maven/g/deep@1',
    'pkg:maven/g/m@5',
    'pkg:maven/g/on@2',
    'pom:g:app@1',
    'pom:g:bom@1',
    'pom:g:lib@1',
  ];
  assert.deepEqual(new Set(components.map(({ id }) => id)), new Set(ids));
  const edges = Object.fromEntries(dependencies.map(({ from, to }) => [from, new Set(to)]));
  assert.deepEqual(edges, {
    'pom:g:app@1': new Set(['pom:g:lib@1', 'pkg:maven/g/m@5', 'pkg:maven/g/on@2']),
    'pom:g:lib@1': new Set(['pkg:maven/g/deep@1']),
  });
});

test('POMs that are their own parents or import themselves end', async () => {
  const parent =
    '<parent><groupId>g</groupId><artifactId>app</artifactId><version>1</version><relativePath>pom.xml</relativePath></parent>';
  const { components } = await find({
    'pom.xml': project(
      'app',
      `${parent}<dependencyManagement><dependencies>${dependency('bom', '<version>1</version><type>pom</type><scope>import</scope>')}</dependencies></dependencyManagement>`,
    ),
    ...stored(
      'bom',
      `<dependencyManagement><dependencies>${dependency('bom', '<version>1</version><type>pom</type><scope>import</scope>')}</dependencies></dependencyManagement>`,
    ),
  });
  assert.deepEqual(
    components.map(({ name }) => name),
    ['g:app'],
  );
});
