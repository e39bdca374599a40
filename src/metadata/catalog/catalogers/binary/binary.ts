/**
 * Programs that no package manager knows, by rules over their names and the texts in them. Only files that some rule names are looked
 * into, while they pass, through a window; what is kept of them is the versions found.
 */
import { arrayOf, decodeJson, object, string } from '../../../../core/index.ts';
import type { Condenser, FileEntry } from '../../../../core/index.ts';
import { formatCpe, quoteCpe } from '../../../ecosystem/index.ts';
import { SKIP } from '../../cataloger.ts';
import type { Cataloger, Choice } from '../../cataloger.ts';
import { catalogFiles } from '../../components.ts';
import type { Finds } from '../../components.ts';
import { MAX_REACH } from './rule.ts';
import type { BinaryRule, OwnRule, VersionPattern, VersionRule } from './rule.ts';
import { runtimeRules } from './rules/runtimes.ts';
import { serverRules } from './rules/servers.ts';
import { toolRules } from './rules/tools.ts';

const RULES: readonly BinaryRule[] = [...runtimeRules, ...serverRules, ...toolRules];

/** All names at once: of the files of an image, few have one that a rule knows. */
const KNOWN_NAME = new RegExp(RULES.map(({ files }) => files.source).join('|'));

/** Browsers and servers with their debug symbols have some GiB. */
const MAX_BYTES = 4 * 1024 * 1024 * 1024;

/** Bytes looked at together, behind the end of what came before. */
const WINDOW = 64 * 1024;

export const binary: Cataloger = createBinaryCataloger([]);

/** A rule of the user's own takes the place of ours with the same name. */
export function createBinaryCataloger(own: readonly OwnRule[]): Cataloger {
  const names = new Set(own.map(({ name }) => name));
  const others = RULES.filter(({ name }) => !names.has(name));
  const rulesOf = (path: string): readonly VersionRule[] => {
    const fileName = fileNameOf(path);
    const known = KNOWN_NAME.test(fileName) ? others.filter(({ files }) => files.test(fileName)) : [];
    return [...own.filter(({ isFor }) => isFor(path)), ...known];
  };
  const all = [...own, ...others];
  return {
    id: 'binary',
    evidence: 'installed',
    isFallback: true,
    names: ['*'],
    select: ({ path }) => choose(fileNameOf(path), rulesOf(path)),
    catalog: async (tree, files, context) =>
      await catalogFiles(
        files,
        { tree, context, finder: { foundBy: 'binary', evidence: 'binary' } },
        (condensed, file, finds) => addVersions(condensed, { file, finds, rules: all }),
      ),
  };
}

function fileNameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function choose(fileName: string, rules: readonly VersionRule[]): Choice {
  if (rules.length === 0) return SKIP;
  return {
    kind: 'condense',
    id: `binary ${fileName}`,
    maxBytes: MAX_BYTES,
    open: () => openSearch(rules, fileName),
  };
}

/** What is found of one rule: the version by each of its patterns, and whether it is something else. */
interface Search {
  readonly rule: VersionRule;
  readonly patterns: readonly VersionPattern[];
  readonly versions: (string | undefined)[];
  isExcluded: boolean;
}

function openSearch(rules: readonly VersionRule[], fileName: string): Condenser {
  const searches = rules.map((rule): Search => {
    const patterns = typeof rule.patterns === 'function' ? rule.patterns(fileName) : rule.patterns;
    return { rule, patterns, versions: patterns.map(() => undefined), isExcluded: false };
  });
  let tail = '';
  return {
    write: (chunk) => {
      if (searches.every(isOver)) return;
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      for (let at = 0; at < bytes.length; at += WINDOW) {
        // one text, which is not put together of two but where a chunk begins
        const text = (at === 0 ? tail : '') + bytes.toString('latin1', Math.max(0, at - MAX_REACH), at + WINDOW);
        for (const search of searches) look(search, text, false);
        tail = text.slice(-MAX_REACH);
      }
    },
    end: () => {
      for (const search of searches) look(search, tail, true);
      const found = searches.flatMap(({ rule, versions, isExcluded }) => {
        const version = isExcluded ? undefined : versions.find((one) => one !== undefined);
        return version === undefined ? [] : [{ name: rule.name, version }];
      });
      return found.length === 0 ? undefined : Buffer.from(JSON.stringify(found));
    },
  };
}

/** Whether nothing that follows can change what was found: the first pattern that finds something counts. */
function isOver({ rule, versions, isExcluded }: Search): boolean {
  return isExcluded || (versions[0] !== undefined && rule.unless === undefined);
}

/** A version at the very end may go on in the next chunk: there it is seen again. */
function look(search: Search, text: string, isLast: boolean): void {
  if (isOver(search)) return;
  search.isExcluded = search.rule.unless?.test(text) === true;
  for (const [index, pattern] of search.patterns.entries()) {
    if (search.versions[index] !== undefined) return;
    const match = pattern.exec(text);
    if (match !== null && (isLast || match.index + match[0].length < text.length)) search.versions[index] = match[1];
  }
}

const decodeFound = arrayOf(object({ name: string, version: string }));

function addVersions(
  condensed: Uint8Array,
  { file, finds, rules }: { readonly file: FileEntry; readonly finds: Finds; readonly rules: readonly VersionRule[] },
): void {
  for (const { name, version } of decodeJson(condensed, decodeFound, { what: `versions in ${file.path}` })) {
    const rule = rules.find((candidate) => candidate.name === name);
    if (rule === undefined) continue;
    finds.add(file, {
      name,
      version,
      kind: 'application',
      purl: { ...(rule.purl ?? { type: 'generic', name }), version },
      cpes: rule.cpes.flatMap((cpe) => withVersion(cpe, version) ?? []),
    });
  }
}

/** Undefined where the version has no place in a name. */
function withVersion(cpe: VersionRule['cpes'][number], version: string): string | undefined {
  if (typeof cpe !== 'string') return formatCpe(...cpe, version);
  const written = quoteCpe(version);
  if (written === undefined) return undefined;
  return cpe.replace(/^((?:(?:[^\\:]|\\.)*:){5})\*/, (_, before: string) => before + written);
}
