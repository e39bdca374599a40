/**
 * Maven. Order: ComparableVersion of Maven 3.9: lists within lists, begun by hyphens and by changes between digits and letters; what counts for
 * nothing (0, `final`, `ga`, `release`) is left out at the end of each list.
 */
import type { Order } from './ecosystem.ts';
import { language } from './language.ts';
import { compareDigits, compareText } from './semver.ts';

export const maven = language({ purlType: 'maven', osvName: 'Maven', separator: ':', compare: compareVersions });

type Item =
  | { readonly kind: 'number'; readonly digits: string }
  | { readonly kind: 'word'; readonly word: string }
  | List;

interface List {
  readonly kind: 'list';
  readonly items: Item[];
}

/** Real versions have two or three lists in each other; what walks them recurses. */
const MAX_LISTS = 256;

/** By weight; unknown words come after all of them, by text. */
const WORDS = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp'];
const RELEASE = String(WORDS.indexOf(''));
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['ga', ''],
  ['final', ''],
  ['release', ''],
  ['cr', 'rc'],
]);
/** Of single letters before digits: `1.0a1`. */
const LETTERS: ReadonlyMap<string, string> = new Map([
  ['a', 'alpha'],
  ['b', 'beta'],
  ['m', 'milestone'],
]);

function compareVersions(left: string, right: string): Order {
  return compareItems(parse(left), parse(right));
}

function parse(version: string): List {
  const root: List = { kind: 'list', items: [] };
  const lists = [root];
  const add = (item: Item) => lists.at(-1)?.items.push(item);
  const open = () => {
    if (lists.length >= MAX_LISTS) return;
    const list: List = { kind: 'list', items: [] };
    add(list);
    lists.push(list);
  };
  let wasSeparator = true;
  const pieces = version.toLowerCase().match(/\d+|[.-]|[^\d.-]+/g) ?? [];
  pieces.forEach((piece, index) => {
    const next = pieces[index + 1];
    if (piece === '.' || piece === '-') {
      if (wasSeparator) add({ kind: 'number', digits: '0' });
      if (piece === '-') open();
      wasSeparator = true;
      return;
    }
    wasSeparator = false;
    const isBeforeDigits = /^\d/.test(next ?? '');
    if (/^\d/.test(piece)) add({ kind: 'number', digits: piece });
    else {
      // .X1 and a last .X are -X
      if ((isBeforeDigits || next === undefined) && lists.at(-1)?.items.length !== 0) open();
      add({ kind: 'word', word: fold(piece, isBeforeDigits) });
    }
    // a change between digits and letters is a hyphen
    if (next !== undefined && next !== '.' && next !== '-') open();
  });
  for (const list of lists.reverse()) normalize(list);
  return root;
}

function fold(word: string, isBeforeDigits: boolean): string {
  const full = isBeforeDigits ? (LETTERS.get(word) ?? word) : word;
  return ALIASES.get(full) ?? full;
}

function normalize({ items }: List): void {
  for (let index = items.length - 1; index >= 0; index--) {
    const item = items[index];
    if (item === undefined) continue;
    if (isNothing(item)) items.splice(index, 1);
    else if (item.kind !== 'list') break;
  }
}

function isNothing(item: Item): boolean {
  switch (item.kind) {
    case 'number':
      return /^0*$/.test(item.digits);
    case 'word':
      return item.word === '';
    case 'list':
      return item.items.length === 0;
  }
}

function weigh(word: string): string {
  const known = WORDS.indexOf(word);
  return known < 0 ? `${WORDS.length}-${word}` : String(known);
}

/** Undefined is the end of a list. */
function compareItems(a: Item, b: Item | undefined): Order {
  switch (a.kind) {
    case 'number':
      if (b === undefined) return /^0*$/.test(a.digits) ? 0 : 1;
      return b.kind === 'number' ? compareDigits(a.digits, b.digits) : 1;
    case 'word':
      if (b === undefined) return compareText(weigh(a.word), RELEASE);
      return b.kind === 'word' ? compareText(weigh(a.word), weigh(b.word)) : -1;
    case 'list':
      if (b === undefined) return compareToNothing(a);
      if (b.kind === 'list') return compareLists(a, b);
      return b.kind === 'number' ? -1 : 1;
  }
}

function compareToNothing(list: List): Order {
  for (const item of list.items) {
    const order = compareItems(item, undefined);
    if (order !== 0) return order;
  }
  return 0;
}

function compareLists(a: List, b: List): Order {
  for (let index = 0; index < Math.max(a.items.length, b.items.length); index++) {
    const [one, other] = [a.items[index], b.items[index]];
    const order = one === undefined ? inverted(other) : compareItems(one, other);
    if (order !== 0) return order;
  }
  return 0;
}

function inverted(item: Item | undefined): Order {
  const order = item === undefined ? 0 : compareItems(item, undefined);
  if (order === 0) return 0;
  return order === 1 ? -1 : 1;
}
