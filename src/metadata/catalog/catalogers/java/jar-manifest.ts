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

/** What the manifest says; empty where it says nothing. */
export function manifestCoordinates(fields: ReadonlyMap<string, string>): Coordinates {
  const first = (...names: readonly string[]) =>
    names.map((name) => fields.get(name) ?? '').find((text) => text !== '' && !text.includes('${')) ?? '';
  const bundle = first('bundle-symbolicname').split(';', 1)[0]?.trim() ?? '';
  const version = first('plugin-version', 'implementation-version', 'bundle-version', 'specification-version');
  const vendor = first('implementation-vendor-id');
  const artifact =
    first('short-name', 'extension-name') ||
    artifactOf(bundle) ||
    plainName(first('implementation-title', 'specification-title'));
  const group =
    first('group-id') || (bundle.includes('.') ? groupOf(bundle, artifact) : '') || (isGroup(vendor) ? vendor : '');
  return { group, artifact, version: /^\d/.test(version) ? (version.split(/\s/, 1)[0] ?? '') : '' };
}

/** `com.fasterxml.jackson.core.jackson-databind` is `com.fasterxml.jackson.core` and `jackson-databind`. */
function artifactOf(bundle: string): string {
  return bundle.slice(bundle.lastIndexOf('.') + 1);
}

function groupOf(bundle: string, artifact: string): string {
  return bundle.endsWith(`.${artifact}`) ? bundle.slice(0, -artifact.length - 1) : '';
}

function isGroup(text: string): boolean {
  return /^[a-z][\w-]*(?:\.[\w-]+)+$/.test(text);
}

/** Titles are often sentences. */
function plainName(title: string): string {
  return /^[A-Za-z0-9_.-]+$/.test(title) ? title : '';
}

/** Groups of archives that were published before Maven left its marks in them. */
const GROUPS: ReadonlyMap<string, string> = new Map([
  ['ant', 'org.apache.ant'],
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
  [/^tomcat-(?!embed)/, 'org.apache.tomcat'],
];

/** Of well-known artifacts; empty for others. */
export function knownGroup(artifact: string): string {
  return GROUPS.get(artifact) ?? FAMILIES.find(([pattern]) => pattern.test(artifact))?.[1] ?? '';
}
