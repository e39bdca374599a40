/**
 * Java archives, condensed to what names them: their manifest, what Maven left in them, and the same of archives in them. Inner
 * archives are read from the bytes at hand, with one ceiling for all of them.
 */
import { createHash } from 'node:crypto';
import { AppError, arrayOf, decodeJson, holdWhole, mapOf, object, optional, string } from '../../../../core/index.ts';
import type { Condensing } from '../../cataloger.ts';
import { ZipArchive } from '../../zip.ts';
import type { ZipBudget } from '../../zip.ts';

/** Applications with all that they need seldom pass 500 MiB; the archive is in memory while it is read. */
const MAX_ARCHIVE_BYTES = 1024 ** 3;
/** Of all that is unpacked from one archive and those in it. */
const MAX_INNER_BYTES = 2 * 1024 ** 3;
const MAX_ENTRIES = 2_000_000;
/** The largest application servers hold some thousand. */
const MAX_ARCHIVES = 20_000;
/** An application in an application server's package has three. */
const MAX_DEPTH = 8;
/** Manifests with signatures of all entries have some MiB. */
const MAX_TEXT = 16 * 1024 ** 2;

const ARCHIVE = /\.(?:jar|war|ear|par|sar|nar|jpi|hpi|kar|far|lpkg|rar)$/i;
const MANIFEST = /^META-INF\/MANIFEST\.MF$/i;
const MAVEN = /(?:^|\/)pom\.(?:properties|xml)$/;
/** What builds of applications leave in them (Spring Boot, Quarkus). */
export const JAR_SBOM = /^META-INF\/sbom\/[^/]+\.json$/;

export const JAR_NAMES = [
  '*.jar',
  '*.war',
  '*.ear',
  '*.par',
  '*.sar',
  '*.nar',
  '*.jpi',
  '*.hpi',
  '*.kar',
  '*.far',
  '*.lpkg',
  '*.rar',
];

/** One archive, the outermost with an empty path. */
export interface Jar {
  /** Of the archive in the outermost one: `WEB-INF/lib/a.jar`, `a.jar:lib/b.jar`. */
  readonly path: string;
  readonly sha1: string;
  /** Texts of manifest, pom.properties, pom.xml and SBOMs by their path in it. */
  readonly texts: Readonly<Record<string, string>>;
  /** Why not all of it was read. */
  readonly damage: string | undefined;
}

export const JAR: Condensing = {
  kind: 'condense',
  id: 'jar',
  maxBytes: MAX_ARCHIVE_BYTES,
  open: (_, size) =>
    holdWhole(size, (content) => {
      const jars: Jar[] = [];
      const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
      condense(bytes, '', { jars, depth: 0, budget: { bytes: MAX_INNER_BYTES, entries: MAX_ENTRIES } });
      return Buffer.from(JSON.stringify(jars));
    }),
};

interface Run {
  readonly jars: Jar[];
  readonly depth: number;
  readonly budget: ZipBudget;
}

function condense(content: Buffer, path: string, run: Run): void {
  const texts = Object.create(null) as Record<string, string>;
  const sha1 = createHash('sha1').update(content).digest('hex');
  const place = run.jars.push({ path, sha1, texts, damage: undefined }) - 1;
  try {
    if (run.depth > MAX_DEPTH)
      throw new AppError('invalid-input', `expected at most ${MAX_DEPTH} archives in each other`);
    const archive = new ZipArchive(content, path === '' ? 'archive' : path, run.budget);
    for (const entry of archive.entries) {
      if (run.jars.length > MAX_ARCHIVES)
        throw new AppError('invalid-input', `expected at most ${MAX_ARCHIVES} archives in one`);
      if (ARCHIVE.test(entry.path)) {
        condense(archive.read(entry), `${path === '' ? '' : `${path}:`}${entry.path}`, {
          ...run,
          depth: run.depth + 1,
        });
      } else if ([MANIFEST, MAVEN, JAR_SBOM].some((name) => name.test(entry.path))) {
        if (entry.size > MAX_TEXT)
          throw new AppError(
            'invalid-input',
            `expected ${entry.path} of at most ${MAX_TEXT} bytes, found ${entry.size}`,
          );
        texts[entry.path] = archive.read(entry).toString('utf8');
      }
    }
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.kind !== 'invalid-input') throw thrown;
    run.jars[place] = { path, sha1, texts, damage: thrown.message };
  }
}

const decodeJars = arrayOf(
  object({ path: string, sha1: string, texts: mapOf(string), damage: optional(string) }),
  MAX_ENTRIES,
);

export function readJars(condensed: Uint8Array, what: string): readonly Jar[] {
  return decodeJson(condensed, decodeJars, { what, maxBytes: MAX_ARCHIVE_BYTES });
}
