/**
 * Executables, read once for all catalogers that look into them. Each probe finds one kind of fact; what all found is kept in place
 * of the executable. A probe may see the bytes as they pass (strings, by one automaton over all patterns, with a bounded window), the
 * whole at the end (sections, addresses), or both.
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
import { findCode, HEADERS_BYTES, isExecutable } from './segments.ts';

/** A run over one executable. */
interface ProbeRun {
  /** Each byte once, in order; a chunk is good only during the call. */
  readonly write?: (chunk: Uint8Array) => void;
  /** The facts found, as JSON knows them; undefined for none. `content` is the whole file. */
  readonly end: (content: Buffer) => unknown;
}

interface ExecutableProbe {
  readonly id: string;
  readonly open: (size: number) => ProbeRun;
}

const PROBES = [
  { id: 'go', open: () => ({ end: findGoBuildInfo }) },
  { id: 'graalvm', open: () => ({ end: findGraalvmSbom }) },
  { id: 'rust', open: () => ({ end: findCrates }) },
  { id: 'note', open: () => ({ end: findPackageNote }) },
  { id: 'pe', open: () => ({ end: findPeFacts }) },
  { id: 'dotnet-bundle', open: () => ({ end: findBundledDeps }) },
] as const satisfies readonly ExecutableProbe[];

/** `unread`: why not all was looked at. */
type FactId = (typeof PROBES)[number]['id'] | 'unread';

/** Browsers and servers with their debug symbols have some GiB. */
const MAX_BYTES = 4 * 1024 * 1024 * 1024;
/** In memory as a whole. Larger programs are common only of Go, whose build information is found in passing. */
const MAX_WHOLE_BYTES = 80 * 1024 * 1024;

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
  if (size > MAX_WHOLE_BYTES) return openGoSearch(size);
  const probes: readonly ExecutableProbe[] = PROBES;
  const runs = probes.map(({ id, open }) => ({ id, run: open(size) }));
  const whole = holdAllButCode(size, (bytes) => {
    const facts = runs.flatMap(({ id, run }) => {
      const found = run.end(bytes);
      return found === undefined ? [] : [[id, found] as const];
    });
    return facts.length === 0 ? undefined : Buffer.from(JSON.stringify(Object.fromEntries(facts)));
  });
  return {
    write: (chunk) => {
      whole.write(chunk);
      for (const { run } of runs) run.write?.(chunk);
    },
    end: () => whole.end(),
  };
}

function openGoSearch(size: number): Condenser {
  const search = searchGoBuildInfo();
  return {
    write: search.write,
    end: () => {
      const unread = `${formatBytes(size)} is more than ${formatBytes(MAX_WHOLE_BYTES)}: only Go modules were looked for`;
      return Buffer.from(JSON.stringify({ go: search.end(), unread }));
    },
  };
}

/** Gathers a file and leaves zeros where its instructions were: memory that nobody writes to is none. */
function holdAllButCode(size: number, take: (content: Buffer) => Uint8Array | undefined): Condenser {
  let content: Buffer | undefined;
  let code: ReturnType<typeof findCode>;
  let length = 0;
  return {
    write: (chunk) => {
      content ??= Buffer.alloc(size);
      if (length >= HEADERS_BYTES) code ??= findCode(content.subarray(0, HEADERS_BYTES));
      const wanted = chunk.subarray(0, size - length);
      const inChunk = (at: number) => Math.min(Math.max(at - length, 0), wanted.length);
      const [from, to] = code === undefined ? [0, 0] : [inChunk(code.start), inChunk(code.end)];
      content.set(wanted.subarray(0, from), length);
      content.set(wanted.subarray(to), length + to);
      length += wanted.length;
    },
    end: () => take(content?.subarray(0, length) ?? Buffer.alloc(0)),
  };
}

/** What a probe found in an executable, of which `condensed` was kept. */
export function readFacts(condensed: Uint8Array, path: string, probe: FactId): unknown {
  const facts = parseJson(condensed, { what: `facts of ${path}` });
  return isRecord(facts) ? facts[probe] : undefined;
}
