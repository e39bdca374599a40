/**
 * Whose cosignatures a checkpoint must carry (C2SP tlog-policy, as logs and verifiers share it):
 *
 *     witness NAME VERIFIER-KEY [URL]
 *     group NAME all|any|N MEMBER...
 *     quorum NAME|none
 *
 * Lines that begin with `log` are for others; `#` begins a comment. A name stands before the lines that use it.
 */
import { AppError } from '../../core/index.ts';
import { findCosignature, NOTE_KEY_TYPE, parseVerifierKey, type NoteSigner, type SignedNote } from '../crypto/index.ts';

export interface Witness extends NoteSigner {
  /** Where it takes checkpoints; undefined where only its signatures are wanted. */
  readonly url: string | undefined;
}

export interface WitnessPolicy {
  readonly witnesses: readonly Witness[];
  /** Whether enough of them have cosigned. */
  isSatisfiedBy(note: SignedNote): boolean;
}

/** Each costs a request per checkpoint and a signature check; notes have as many lines at most. */
const MAX_WITNESSES = 32;
const MAX_LINES = 1000;

type Component = (note: SignedNote) => boolean;

/** Throws `invalid-input` naming `what` and the line. */
export function parseWitnessPolicy(text: string, what: string): WitnessPolicy {
  const lines = text.split('\n');
  if (lines.length > MAX_LINES) throw new AppError('invalid-input', `${what}: expected at most ${MAX_LINES} lines`);
  const policy = new Builder();
  for (const [at, line] of lines.entries()) {
    const [keyword, ...words] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (keyword !== '' && keyword !== undefined) policy.add(keyword, words, `${what}: line ${at + 1}`);
  }
  return policy.end(what);
}

class Builder {
  readonly #witnesses: Witness[] = [];
  readonly #components = new Map<string, Component>();
  #quorum: Component | undefined;

  add(keyword: string, words: readonly string[], where: string): void {
    if (keyword === 'witness') this.#addWitness(words, where);
    else if (keyword === 'group') this.#addGroup(words, where);
    else if (keyword === 'quorum') this.#setQuorum(words, where);
    else if (keyword !== 'log') throw fault(where, 'witness, group, quorum or log', keyword);
  }

  end(what: string): WitnessPolicy {
    if (this.#quorum === undefined) throw fault(what, 'a line "quorum NAME"', 'none');
    return { witnesses: this.#witnesses, isSatisfiedBy: this.#quorum };
  }

  #addWitness(words: readonly string[], where: string): void {
    const [name = '', key = '', url, ...more] = words;
    if (key === '' || more.length > 0 || (url !== undefined && !URL.canParse(url)))
      throw fault(where, 'witness NAME KEY [URL]', words.join(' '));
    const witness = { ...parseVerifierKey(key, NOTE_KEY_TYPE.cosignature, where), url: url?.replace(/\/$/, '') };
    // one key under two names would count twice
    if (this.#witnesses.some((other) => other.key.keyId === witness.key.keyId))
      throw fault(where, 'each key once', `that of ${name} again`);
    if (this.#witnesses.length >= MAX_WITNESSES) throw fault(where, `at most ${MAX_WITNESSES} witnesses`, 'more');
    this.#define(name, (note) => findCosignature(note, witness) !== undefined, where);
    this.#witnesses.push(witness);
  }

  #addGroup([name = '', threshold = '', ...names]: readonly string[], where: string): void {
    const members = names.map((member) => this.#find(member, where));
    const least = threshold === 'all' ? members.length : threshold === 'any' ? 1 : Number(threshold);
    if (!/^(?:all|any|[1-9]\d{0,2})$/.test(threshold) || least < 1 || least > members.length)
      throw fault(where, `all, any or 1 to ${members.length} of the members`, threshold);
    if (new Set(names).size < names.length) throw fault(where, 'each member once', names.join(' '));
    this.#define(name, (note) => members.filter((member) => member(note)).length >= least, where);
  }

  #setQuorum([name = '', ...more]: readonly string[], where: string): void {
    if (this.#quorum !== undefined || more.length > 0) throw fault(where, 'one quorum', `another: ${name}`);
    this.#quorum = name === 'none' ? () => true : this.#find(name, where);
  }

  #define(name: string, component: Component, where: string): void {
    if (RESERVED.includes(name) || this.#components.has(name)) throw fault(where, 'a name of its own', name);
    this.#components.set(name, component);
  }

  #find(name: string, where: string): Component {
    const found = this.#components.get(name);
    if (found === undefined) throw fault(where, 'a witness or group of a line before', name);
    return found;
  }
}

const RESERVED: readonly string[] = ['', 'witness', 'group', 'quorum', 'log', 'all', 'any', 'none'];

function fault(where: string, expected: string, found: string): AppError {
  return new AppError('invalid-input', `${where}: expected ${expected}, found ${JSON.stringify(found)}`);
}
