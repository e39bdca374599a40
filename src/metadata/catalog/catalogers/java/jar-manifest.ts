/** META-INF/MANIFEST.MF (JAR file specification) and names of archives, as far as they name a package. */

/** Attributes of the main section, in lower case; lines are folded at 72 bytes, of equal names the first counts. */
export function parseManifest(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  let name = '';
  let value = '';
  const keep = () => {
    if (name !== '' && !fields.has(name)) fields.set(name, value.trim());
  };
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (line.startsWith(' ')) {
      value += line.slice(1);
      continue;
    }
    keep();
    name = '';
    if (line === '' && fields.size > 0) break;
    const colon = line.indexOf(':');
    if (colon > 0) {
      name = line.slice(0, colon).toLowerCase();
      value = line.slice(colon + 1);
    }
  }
  keep();
  return fields;
}

export interface Coordinates {
  readonly group: string;
  readonly artifact: string;
  readonly version: string;
}

/** `name-1.2.3-classifier.jar`; without a version the whole name is the artifact's. */
export function parseFileName(path: string): Coordinates {
  const base = path.slice(path.lastIndexOf('/') + 1).replace(/\.[A-Za-z]+$/, '');
  const match = /^(.{1,200}?)[-_]v?(\d[\w.+-]{0,100})$/.exec(base);
  if (match?.[1] === undefined || match[2] === undefined) return { group: '', artifact: base, version: '' };
  const version = match[2].replace(
    /-(?:sources|javadoc|tests?|classes|all|shaded|jdk\d+|linux\S*|windows\S*|osx\S*|natives?\S*)$/,
    '',
  );
  return { group: '', artifact: match[1], version };
}

/**
 * What manifest and file name say together; empty where they say nothing. A bundle's symbolic name is a group and an artifact only where
 * its end is the artifact that the file is named after: most others are neither, and a wrong group hides every known flaw.
 */
export function manifestCoordinates(fields: ReadonlyMap<string, string>, named: Coordinates): Coordinates {
  const first = (...names: readonly string[]) =>
    names.map((name) => fields.get(name) ?? '').find((text) => text !== '' && !text.includes('${')) ?? '';
  const bundle = first('bundle-symbolicname').split(';', 1)[0]?.trim() ?? '';
  const tail = bundle.slice(bundle.lastIndexOf('.') + 1);
  const title = readModuleId(first('implementation-title'));
  if (title !== undefined) return title;
  const artifact = first('short-name', 'extension-name') || (knownGroup(tail) === '' ? named.artifact : tail);
  const group =
    knownGroup(artifact) ||
    first('group-id') ||
    groupOf(bundle, artifact) ||
    vendorGroup(first('implementation-vendor-id'));
  const version = first('plugin-version', 'implementation-version', 'bundle-version', 'specification-version');
  return { group, artifact, version: named.version || (/^\d/.test(version) ? (version.split(/\s/, 1)[0] ?? '') : '') };
}

/** `group#artifact;version`, as Gradle and Ivy write a module's identity where a title is expected. */
function readModuleId(title: string): Coordinates | undefined {
  const [, group, artifact, version] = /^([\w.-]+)#([\w.-]+);(\d[\w.+-]*)$/.exec(title) ?? [];
  return group === undefined || artifact === undefined || version === undefined
    ? undefined
    : { group, artifact, version };
}

/** `com.fasterxml.jackson.core.jackson-databind` is `com.fasterxml.jackson.core` and `jackson-databind`. */
function groupOf(bundle: string, artifact: string): string {
  return bundle.endsWith(`.${artifact}`) ? bundle.slice(0, -artifact.length - 1) : '';
}

/** Those of two parts (`org.apache`) are of many projects. */
function vendorGroup(text: string): string {
  return /^[a-z][\w-]*(?:\.[\w-]+){2,}$/.test(text) ? text : '';
}

/** Groups of archives that are published without Maven's marks. */
const GROUPS: ReadonlyMap<string, string> = new Map([
  ['ant', 'org.apache.ant'],
  ['checker-qual', 'org.checkerframework'],
  // named as their artifacts, whatever bundles and vendors they say they are of
  ...'beanutils cli codec collections dbcp digester fileupload httpclient io lang logging net pool'
    .split(' ')
    .map((part): readonly [string, string] => [`commons-${part}`, `commons-${part}`]),
  ['derby', 'org.apache.derby'],
  ['derbyclient', 'org.apache.derby'],
  ['derbynet', 'org.apache.derby'],
  ['hsqldb', 'org.hsqldb'],
  ['junit', 'junit'],
  ['log4j', 'log4j'],
  ['tomcat-embed-websocket', 'org.apache.tomcat.embed'],
  ['tomcat-embed-core', 'org.apache.tomcat.embed'],
  ['tomcat-embed-el', 'org.apache.tomcat.embed'],
  ['tomcat-embed-jasper', 'org.apache.tomcat.embed'],
]);

const FAMILIES: readonly (readonly [pattern: RegExp, group: string])[] = [
  [/^spring-boot(?:$|-)/, 'org.springframework.boot'],
  [/^spring-security-/, 'org.springframework.security'],
  [
    /^spring-(?:aop|aspects|beans|context|core|expression|instrument|jcl|jdbc|jms|messaging|orm|oxm|r2dbc|test|tx|web|webflux|webmvc|websocket)(?:$|-)/,
    'org.springframework',
  ],
  [/^bc(?:fips|jmail|mail|pg|pkix|prov|prov-ext|tls|util)-(?:fips|jdk\w+)$/, 'org.bouncycastle'],
  [/^tomcat-(?!embed)/, 'org.apache.tomcat'],
];

/** Of well-known artifacts; empty for others. */
function knownGroup(artifact: string): string {
  return GROUPS.get(artifact) ?? FAMILIES.find(([pattern]) => pattern.test(artifact))?.[1] ?? '';
}
