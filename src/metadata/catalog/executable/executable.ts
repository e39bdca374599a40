/**
 * Executables, read once for all catalogers that look into them. Each probe finds one kind of fact; what all found is kept in place
 * of the executable.
 */
import { formatBytes, isRecord, parseJson } from '../../../core/index.ts';
import type { Condenser } from '../../../core/index.ts';
import type { Condensing, SelectedFile } from '../cataloger.ts';
import { findCrates } from './cargo-auditable.ts';
import { findBundledDeps } from './dotnet-bundle.ts';
import { findGoBuildInfo, searchGoBuildInfo } from './go-buildinfo.ts';
import { findGraalvmSbom } from './graalvm.ts';
import { findPackageNote } from './package-note.ts';
import { findPeFacts } from './pe.ts';
import { HeldProgram } from './held-program.ts';
import { findSection } from './sections.ts';
import { isExecutable } from './segments.ts';

/** `find`: the facts, as JSON knows them; undefined for none. `content` is the whole file, of a large one parts of it. */
interface ExecutableProbe {
  readonly id: string;
  readonly find: (content: Buffer) => unknown;
}

const PROBES = [
  { id: 'go', find: findGoBuildInfo },
  { id: 'graalvm', find: findGraalvmSbom },
  { id: 'rust', find: findCrates },
  { id: 'note', find: findPackageNote },
  { id: 'pe', find: findPeFacts },
  { id: 'dotnet-bundle', find: findBundledDeps },
] as const satisfies readonly ExecutableProbe[];

/** `unread`: why not all was looked at. */
type Facts = Partial<Record<FactId, unknown>>;
type FactId = (typeof PROBES)[number]['id'] | 'unread';

/** Browsers and servers with their debug symbols have some GiB. */
const MAX_BYTES = 4 * 1024 * 1024 * 1024;
/** Beyond this, of which there are only some, not even room for a program in parts is asked for: Go's information is found in passing. */
const MAX_HELD_BYTES = 1024 * 1024 * 1024;
/** From here on Go's is also looked for in passing: its segment may be among what is not held. */
const MAX_GO_BYTES = 16 * 1024 * 1024;

/** The choice of every cataloger that looks into executables. Whether it is one, its first bytes say. */
export const EXECUTABLE: Condensing = {
  kind: 'condense',
  id: 'executable',
  maxBytes: MAX_BYTES,
  open: (head, size) => (isExecutable(head) ? openProbes(size) : undefined),
};

/** Whether the mode or the name says that a file may run. */
export function mayRun({ path, mode }: SelectedFile): boolean {
  return (mode & 0o111) !== 0 || /\.(?:exe|wasm)$/.test(path);
}

function openProbes(size: number): Condenser {
  const held = size > MAX_HELD_BYTES ? undefined : new HeldProgram(size);
  const search = size > MAX_GO_BYTES ? searchGoBuildInfo() : undefined;
  return {
    write: (chunk) => {
      held?.write(chunk);
      search?.write(chunk);
    },
    end: () => {
      const facts: Facts = held?.isKnown === true ? findFacts(held, size) : { unread: onlyGo(size) };
      held?.release();
      const go = facts.go ?? search?.end();
      const all = go === undefined ? facts : { ...facts, go };
      return Object.keys(all).length === 0 ? undefined : Buffer.from(JSON.stringify(all));
    },
  };
}

function onlyGo(size: number): string {
  return `of a program of ${formatBytes(size)} in a form that is not read in parts, only Go modules were looked for`;
}

/** What stands in a part that is not held is no fact; that it was not read is. */
function findFacts(held: HeldProgram, size: number): Facts {
  const { content } = held;
  const facts: Facts = {};
  for (const { id, find } of PROBES) {
    const found = find(content);
    if (found !== undefined) facts[id] = found;
  }
  const lost = listLost(held, facts);
  for (const id of lost) delete facts[id];
  if (lost.length > 0)
    facts.unread = `of a program of ${formatBytes(size)}, what is in memory lacks what tells of: ${lost.join(', ')}`;
  return facts;
}

function listLost(held: HeldProgram, facts: Facts): readonly FactId[] {
  const { content } = held;
  const isLost = (name: string) => {
    const section = findSection(content, name);
    return section !== undefined && !held.isHeld(section);
  };
  const hasSbom = () => findSection(content, '.dynstr')?.includes('\0sbom_length\0', 0, 'latin1') === true;
  const deps = facts['dotnet-bundle'];
  return [
    ...(isLost('.dep-v0') ? (['rust'] as const) : []),
    ...(isLost('.note.package') ? (['note'] as const) : []),
    ...(facts.graalvm === undefined && hasSbom() ? (['graalvm'] as const) : []),
    ...(typeof deps === 'string' && deps.includes('\0') ? (['dotnet-bundle'] as const) : []),
  ];
}

/** What a probe found in an executable, of which `condensed` was kept. */
export function readFacts(condensed: Uint8Array, path: string, probe: FactId): unknown {
  const facts = parseJson(condensed, { what: `facts of ${path}` });
  return isRecord(facts) ? facts[probe] : undefined;
}
