/** For tests over all catalogers. */
import { OS_FIXTURES } from './catalogers/os/testing.ts';
import { LANGUAGE_FIXTURES } from './catalogers/testing.ts';
import { crates, elfFile, packageNote } from './executable/testing.ts';
import { createGoProgram, createNativeImage, createZip } from './testing.ts';

export const GO_PROGRAM = createGoProgram(
  'go1.22.4',
  'path\texample.com/tool\nmod\texample.com/tool\tv1.2.0\t\ndep\tgolang.org/x/sys\tv0.1.0\th1:abc=\n',
);

/** One path that each cataloger chooses, with content that it understands. */
export const GOOD_FILES: Readonly<Record<string, readonly [path: string, content: string | Uint8Array]>> = {
  ...LANGUAGE_FIXTURES,
  'os-release': ['etc/os-release', 'ID=debian\nVERSION_ID="12"\n'],
  dpkg: [
    'var/lib/dpkg/status',
    'Package: libssl3\nStatus: install ok installed\nVersion: 3.0.11-1\nSource: openssl\nArchitecture: amd64\n',
  ],
  apk: ['lib/apk/db/installed', 'P:zlib\nV:1.2.10-r0\nA:x86_64\no:zlib\n\n'],
  ...OS_FIXTURES,
  binary: ['usr/bin/bash', 'text\0@(#)Bash version 5.1.16(1) release GNU\0'],
  'package-note': [
    'usr/bin/tool',
    elfFile('.note.package', packageNote({ type: 'apk', os: 'wolfi', name: 'tool', version: '1-r0' })),
  ],
  'rust-binary': [
    'usr/bin/tool',
    elfFile('.dep-v0', crates({ packages: [{ name: 'a', version: '1.0.0', source: 'crates.io' }] })),
  ],
  cargo: ['app/Cargo.lock', '[[package]]\nname = "a"\nversion = "1.0.0"\nsource = "registry+https://x"\n'],
  'go-vendor': ['app/vendor/modules.txt', '# example.com/a v1.0.0\n## explicit\nexample.com/a/b\n'],
  'embedded-sbom': [
    'app/sbom.cdx.json',
    '{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"type":"library","name":"a","version":"1","purl":"pkg:npm/a@1"}]}',
  ],
  'npm-installed': ['app/node_modules/left-pad/package.json', '{"name":"left-pad","version":"1.3.0","license":"MIT"}'],
  'npm-lock': [
    'app/package-lock.json',
    '{"lockfileVersion":3,"packages":{"node_modules/left-pad":{"version":"1.3.0"}}}',
  ],
  'vscode-extension': [
    'tools/lint.vsix',
    createZip({ 'extension/node_modules/ms/package.json': '{"name":"ms","version":"2.1.3"}' }),
  ],
  'yarn-lock': ['app/yarn.lock', '"left-pad@^1.3.0", left-pad@1:\n  version "1.3.0"\n  dependencies:\n    ms "^2"\n'],
  'pnpm-lock': [
    'app/pnpm-lock.yaml',
    "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      ms: {specifier: ^2, version: 2.1.3}\npackages:\n  ms@2.1.3: {}\n",
  ],
  'bun-lock': ['app/bun.lock', '{"lockfileVersion":1,"packages":{"ms":["ms@2.1.3","",{},"sha512-aaaa"],},}'],
  'deno-lock': ['app/deno.lock', '{"version":"4","npm":{"ms@2.1.3":{"integrity":"sha512-aaaa"}},"jsr":{}}'],
  'npm-project': ['srv/app/package.json', '{"name":"app","version":"1.0.0"}'],
  'npm-manifest': ['app/package.json', '{"name":"app","dependencies":{"ms":"2.1.3"}}'],
  'python-installed': [
    'usr/lib/python3/site-packages/six.dist-info/METADATA',
    'Metadata-Version: 2.1\nName: six\nVersion: 1.16.0\nClassifier: License :: OSI Approved :: MIT License\n\ntext',
  ],
  'python-archive': ['dist/six.whl', createZip({ 'six-1.dist-info/METADATA': 'Name: six\nVersion: 1.16.0\n\n' })],
  'conda-meta': [
    'opt/conda/conda-meta/six.json',
    '{"name":"six","version":"1.16.0","build":"0","depends":["python >=3"]}',
  ],
  'poetry-lock': ['app/poetry.lock', '[[package]]\nname = "six"\nversion = "1.16.0"\ngroups = ["main"]\n'],
  'pdm-lock': ['app/pdm.lock', '[[package]]\nname = "six"\nversion = "1.16.0"\ngroups = ["default"]\n'],
  'uv-lock': [
    'app/uv.lock',
    '[[package]]\nname = "six"\nversion = "1.16.0"\n[[package]]\nname = "app"\nsource = { virtual = "." }\n',
  ],
  pylock: ['app/pylock.toml', 'lock-version = "1.0"\n[[packages]]\nname = "six"\nversion = "1.16.0"\n'],
  'pipfile-lock': ['app/Pipfile.lock', '{"_meta":{},"default":{"six":{"version":"==1.16.0"}},"develop":{}}'],
  requirements: ['app/requirements.txt', 'six==1.16.0 \\\n  --hash=sha256:00\n-r other.txt\nflask>=2\n'],
  pyproject: ['app/pyproject.toml', '[project]\nname = "app"\ndependencies = ["six==1.16.0"]\n'],
  'setup-py': ['app/setup.py', "setup(install_requires=['six==1.16.0', # other\n])\n"],
  'conda-environment': ['app/environment.yml', 'dependencies:\n  - six=1.16.0\n  - pip:\n    - flask==2.0\n'],
  'java-archive': [
    'app/lib/tool-1.0.jar',
    createZip({ 'META-INF/maven/g/tool/pom.properties': 'groupId=g\nartifactId=tool\nversion=1.0\n' }),
  ],
  'graalvm-native': ['usr/bin/native', createNativeImage()],
  jvm: ['opt/java/release', 'IMPLEMENTOR="Eclipse Adoptium"\nJAVA_VERSION="21.0.4"\nFULL_VERSION="21.0.4+7"\n'],
  'gradle-lock': ['app/gradle.lockfile', '# comment\njunit:junit:4.13.2=testRuntimeClasspath\nempty=\n'],
  'gradle-verification': [
    'app/gradle/verification-metadata.xml',
    '<verification-metadata><components><component group="g" name="a" version="1"/></components></verification-metadata>',
  ],
  'gradle-catalog': ['app/gradle/libs.versions.toml', '[libraries]\nguava = "com.google.guava:guava:30.1.1-jre"\n'],
  'sbt-lock': ['app/build.sbt.lock', '{"lockVersion":1,"dependencies":[{"org":"g","name":"a","version":"1"}]}'],
  pom: [
    'app/pom.xml',
    '<project><groupId>g</groupId><artifactId>app</artifactId><version>1</version><dependencies><dependency><groupId>g</groupId><artifactId>a</artifactId><version>2</version></dependency></dependencies></project>',
  ],
  'go-binary': ['usr/bin/tool', GO_PROGRAM],
  'go-mod': ['src/go.mod', 'module example.com/tool\n\ngo 1.22\n\nrequire golang.org/x/sys v0.1.0\n'],
};
