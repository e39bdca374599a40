/**
 * Java archives and the archives in them. Which package one is, pom.properties says; else the manifest with the name of its file. What
 * else Maven left in an archive was packed into it from others.
 */
import type { FileEntry } from '../../../../core/index.ts';
import type { Component } from '../../../sbom/index.ts';
import type { Cataloger } from '../../cataloger.ts';
import { catalogFiles, locationOf, trying } from '../../components.ts';
import type { Finds, Given } from '../../components.ts';
import { addDocument } from '../../embedded/document.ts';
import { linksOf } from '../../values.ts';
import { JAR, JAR_NAMES, JAR_SBOM, readJars } from './jar.ts';
import type { Jar } from './jar.ts';
import { manifestCoordinates, parseFileName, parseManifest } from './jar-manifest.ts';
import type { Coordinates } from './jar-manifest.ts';
import { mavenPackage } from './maven.ts';

export const javaArchive: Cataloger = {
  id: 'java-archive',
  evidence: 'installed',
  names: JAR_NAMES,
  select: () => JAR,
  catalog: async (tree, files, context) =>
    await catalogFiles(
      files,
      { tree, context, finder: { foundBy: 'java-archive', evidence: 'installed-metadata' } },
      async (content, file, finds) => {
        const found = new Map<string, Component | undefined>();
        for (const jar of readJars(content, file.path)) {
          const place = jar.path === '' ? file.path : `${file.path}:${jar.path}`;
          if (jar.damage !== undefined) finds.skip({ ...file, path: place }, jar.damage);
          const all = addJar(jar, { file, place, finds });
          found.set(jar.path, all[0]);
          for (const [path, text] of Object.entries(jar.texts)) {
            const sbom = { ...file, path: `${place}:${path}` };
            if (JAR_SBOM.test(path))
              await trying(sbom.path, finds.skipped, () =>
                addDocument({ content: Buffer.from(text), file: sbom, finds }),
              );
          }
          const [main, ...packed] = all;
          finds.depend(main, packed);
          finds.depend(jar.path === '' ? undefined : found.get(outerOf(jar.path)), [main]);
        }
      },
    ),
};

/** `a.jar:lib/b.jar` lies in `a.jar`, which lies in the outermost archive, whose path is empty. */
function outerOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf(':')));
}

interface Place {
  readonly file: FileEntry;
  readonly place: string;
  readonly finds: Finds;
}

/** The archive's own package first, then what was packed into it. */
function addJar(jar: Jar, { file, place, finds }: Place): readonly (Component | undefined)[] {
  const properties = Object.entries(jar.texts).flatMap(([path, text]) =>
    path.endsWith('.properties') ? (readProperties(text) ?? []) : [],
  );
  const named = parseFileName(place);
  const manifestText = Object.entries(jar.texts).find(([path]) => /manifest\.mf$/i.test(path))?.[1] ?? '';
  const manifest = parseManifest(manifestText);
  const own = properties.length === 1 ? properties[0] : properties.find(({ artifact }) => isNamed(artifact, named));
  const main = own === undefined ? fromManifest(manifest, named) : toGiven(own);
  const supplier = manifest.get('implementation-vendor') ?? manifest.get('bundle-vendor');
  const pom = findPom(jar, own);
  const location = { ...locationOf(file), path: place };
  const more: Partial<Given> = {
    locations: [location],
    hashes: [{ algorithm: 'sha1', value: jar.sha1 }],
    ...(supplier === undefined || supplier === '' ? {} : { supplier }),
    licences: licencesOf(pom, manifest),
    ...linksOf(manifest.get('bundle-docurl'), findSource(pom) ?? manifest.get('scm-url')),
  };
  const added = main === undefined ? undefined : finds.add(file, { ...main, ...more });
  const packed = properties.filter((other) => other !== own).map(toGiven);
  return [
    added,
    ...packed.map((given) => (given === undefined ? undefined : finds.add(file, { ...given, locations: [location] }))),
  ];
}

/** Names of files may have more before them and classifiers after. */
function isNamed(artifact: string, named: Coordinates): boolean {
  return named.artifact === artifact || named.artifact.endsWith(`.${artifact}`);
}

function readProperties(text: string): Coordinates | undefined {
  const fields = new Map(
    text.split(/\r?\n/).flatMap((line) => {
      const [, name, value = ''] = /^\s*(groupId|artifactId|version)\s*[=:](.*)$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, value.trim()] as const];
    }),
  );
  const [group = '', artifact = '', version = ''] = ['groupId', 'artifactId', 'version'].map((name) =>
    fields.get(name),
  );
  return group === '' || artifact === '' || version === '' ? undefined : { group, artifact, version };
}

function toGiven({ group, artifact, version }: Coordinates): Given | undefined {
  return mavenPackage(group, artifact, version);
}

/** Without a group there is no package URL; without a version of its own an archive is a folder of classes. */
function fromManifest(manifest: ReadonlyMap<string, string>, named: Coordinates): Given | undefined {
  const { group, artifact, version } = manifestCoordinates(manifest, named);
  if (version === '') return undefined;
  return mavenPackage(group, artifact, version) ?? { name: artifact, version, evidence: 'name-guess' };
}

/** Of the package itself. */
function findPom(jar: Jar, own: Coordinates | undefined): string {
  const poms = Object.entries(jar.texts).filter(([path]) => path.endsWith('pom.xml'));
  const found =
    poms.find(([path]) => own !== undefined && path.endsWith(`/${own.artifact}/pom.xml`)) ??
    (poms.length === 1 ? poms[0] : undefined);
  return found?.[1] ?? '';
}

/** As Maven shows it, not as it clones it; one that another POM completes is no address. */
function findSource(pom: string): string | undefined {
  const block = /<scm\b[^>]{0,200}>([\s\S]{0,5000}?)<\/scm>/.exec(pom)?.[1] ?? '';
  return /<url>\s*([^<\s]{1,2000})\s*<\/url>/.exec(block)?.[1];
}

/** From the POM, else from the manifest. */
function licencesOf(pom: string, manifest: ReadonlyMap<string, string>): readonly string[] {
  // a few names in a document of many: not worth a parse of each POM
  const block = /<licenses>([\s\S]{0,20000}?)<\/licenses>/.exec(pom)?.[1] ?? '';
  const names = [...block.matchAll(/<name>\s*([^<]{1,200}?)\s*<\/name>/g)].map((match) => match[1] ?? '');
  const bundled = manifest.get('bundle-license') ?? '';
  const written = bundled === '' || bundled.includes('://') ? [] : [bundled.split(';', 1)[0]?.trim() ?? ''];
  return [...new Set(names.length > 0 ? names : written)];
}
