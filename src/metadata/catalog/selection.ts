/**
 * What several catalogers choose of one file, as one Selection, and back: of what was kept, the form that one of them chose.
 * If any wants the content, it is kept whole and condensed when asked for; else all condensed forms are made in the one pass.
 */
import { AppError, condense, decodeJson, mapOf, natural } from '../../core/index.ts';
import type { Condenser, FileSelector, FileTree, Selection } from '../../core/index.ts';
import { SKIP } from './cataloger.ts';
import type { Cataloger, Choice, Condensing, SelectedFile } from './cataloger.ts';
import { mayRun } from './executable/executable.ts';

type Wanted = Exclude<Choice, { readonly kind: 'skip' }>;

const NO_CHOICES: ReadonlyMap<Cataloger, Wanted> = new Map();

/** Asks only the catalogers to which a file's name may matter. */
export class CatalogerIndex {
  readonly #everywhere: readonly Cataloger[];
  /** By whole name, `*.` and the extension, or `+x`. */
  readonly #named = new Map<string, Cataloger[]>();

  constructor(catalogers: readonly Cataloger[]) {
    this.#everywhere = catalogers.filter(({ names }) => names.includes('*'));
    for (const cataloger of catalogers) {
      if (this.#everywhere.includes(cataloger)) continue;
      for (const name of cataloger.names) this.#named.set(name, [...(this.#named.get(name) ?? []), cataloger]);
    }
  }

  /** Who chooses the file, and what. */
  choicesOf(file: SelectedFile): ReadonlyMap<Cataloger, Wanted> {
    let choices: Map<Cataloger, Wanted> | undefined;
    const name = file.path.slice(file.path.lastIndexOf('/') + 1);
    const extension = `*${name.slice(name.lastIndexOf('.')).toLowerCase()}`;
    const running = mayRun(file) ? this.#named.get('+x') : undefined;
    for (const asked of [this.#everywhere, running, this.#named.get(name), this.#named.get(extension)]) {
      for (const cataloger of asked ?? []) {
        const choice = cataloger.select(file);
        if (choice.kind !== 'skip') (choices ??= new Map()).set(cataloger, choice);
      }
    }
    return choices ?? NO_CHOICES;
  }

  /** Files that some cataloger which counts chooses: each in the form that all who choose it agree upon. */
  selector(id: string, counts: (cataloger: Cataloger) => boolean = () => true): FileSelector {
    return {
      id,
      select: (file) => {
        const choices = this.choicesOf(file);
        return choices.keys().some(counts) ? unite([...choices.values()], file.size) : SKIP;
      },
    };
  }

  /** The tree as one cataloger sees it: only files that it chose have content, in the form that it chose; history has whole content. */
  viewFor(cataloger: Cataloger, tree: FileTree): FileTree {
    return {
      ...tree,
      read: async (path) => {
        const entry = tree.find(path);
        const choices = entry?.kind === 'file' ? this.choicesOf(entry) : undefined;
        const choice = choices?.get(cataloger);
        if (entry === undefined || choices === undefined || choice === undefined) return undefined;
        if (entry.size > choice.maxBytes) return undefined;
        const kept = await tree.read(path);
        return kept === undefined ? undefined : extract([...choices.values()], choice, { kept, size: entry.size });
      },
    };
  }
}

/** Choices whose ceiling the file passes do not count, unless all are passed: then the reader says that it was skipped. */
function unite(choices: readonly Wanted[], size: number): Selection {
  const fitting = choices.filter(({ maxBytes }) => size <= maxBytes);
  const counted = fitting.length > 0 ? fitting : choices;
  if (counted.length === 0) return SKIP;
  const maxBytes = Math.max(...counted.map((choice) => choice.maxBytes));
  if (counted.some(({ kind }) => kind === 'keep')) return { kind: 'keep', maxBytes };
  const forms = distinct(counted);
  const [only] = forms;
  if (forms.length === 1 && only !== undefined) return only;
  return { kind: 'condense', maxBytes, open: (head, fileSize) => openAll(forms, head, fileSize) };
}

function distinct(choices: readonly Wanted[]): readonly Condensing[] {
  const forms = choices.flatMap((choice) => (choice.kind === 'condense' ? [[choice.id, choice] as const] : []));
  return [...new Map(forms).values()];
}

function openAll(forms: readonly Condensing[], head: Uint8Array, size: number): Condenser | undefined {
  const opened = forms.flatMap(({ id, open }) => {
    const condenser = open(head, size);
    return condenser === undefined ? [] : [{ id, condenser }];
  });
  if (opened.length === 0) return undefined;
  return {
    write: (chunk) => {
      for (const { condenser } of opened) condenser.write(chunk);
    },
    end: () => frame(opened.map(({ id, condenser }) => [id, condenser.end()] as const)),
  };
}

/** Four bytes of the table's length, the table of sizes by form as JSON, then the forms one after the other. */
function frame(forms: readonly (readonly [string, Uint8Array | undefined])[]): Uint8Array | undefined {
  const found = forms.flatMap(([id, content]) => (content === undefined ? [] : [[id, content] as const]));
  if (found.length === 0) return undefined;
  const json = Buffer.from(JSON.stringify(Object.fromEntries(found.map(([id, { length }]) => [id, length]))));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  return Buffer.concat([length, json, ...found.map(([, content]) => content)]);
}

const decodeSizes = mapOf(natural);

function unframe(framed: Uint8Array, id: string): Uint8Array | undefined {
  const bytes = Buffer.from(framed.buffer, framed.byteOffset, framed.byteLength);
  if (bytes.length < 4) throw new AppError('invalid-input', 'condensed forms: expected their table, found nothing');
  let at = 4 + bytes.readUInt32BE(0);
  for (const [form, size] of Object.entries(
    decodeJson(bytes.subarray(4, at), decodeSizes, { what: 'condensed forms' }),
  )) {
    if (form === id) return bytes.subarray(at, at + size);
    at += size;
  }
  return undefined;
}

function extract(
  choices: readonly Wanted[],
  choice: Wanted,
  { kept, size }: { readonly kept: Uint8Array; readonly size: number },
): Uint8Array | undefined {
  const fitting = choices.filter(({ maxBytes }) => size <= maxBytes);
  if (fitting.some(({ kind }) => kind === 'keep')) return condense(choice, kept);
  return distinct(fitting).length === 1 || choice.kind === 'keep' ? kept : unframe(kept, choice.id);
}
