/**
 * Go's `text/template` as far as policies use it: `{{.a.b}}`, `{{$x}}`, `{{range ...}}`, `{{with ...}}`, `{{if ...}}` with `{{else}}` and
 * `{{end}}`. Pipelines, functions and definitions are refused.
 */
import { builtinError } from '../evaluate/vm.ts';
import type { Vm } from '../evaluate/vm.ts';
import { elementsOf, formatValue, isArray, RegoObject } from '../value.ts';
import type { RegoValue } from '../value.ts';

type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'field'; readonly path: string }
  | {
      readonly kind: 'block';
      readonly word: string;
      readonly names: readonly string[];
      readonly path: string;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
    };

/** Ceiling of blocks within blocks. */
const MAX_NESTING = 50;

/** Texts and actions in turns; an action that is not closed is text. */
function tokensOf(template: string): string[] {
  const tokens: string[] = [];
  let at = 0;
  for (;;) {
    const open = template.indexOf('{{', at);
    const close = open < 0 ? -1 : template.indexOf('}}', open + 2);
    if (close < 0) return [...tokens, template.slice(at)];
    tokens.push(template.slice(at, open), template.slice(open, close + 2));
    at = close + 2;
  }
}

interface Scope {
  readonly dot: RegoValue | undefined;
  readonly variables: ReadonlyMap<string, RegoValue | undefined>;
}

export function renderTemplate(template: string, values: RegoObject, vm: Vm): string {
  const tokens = tokensOf(template);
  for (const [i, token] of tokens.entries()) {
    if (token.startsWith('{{-')) tokens[i - 1] = tokens[i - 1]?.trimEnd() ?? '';
    if (token.endsWith('-}}')) tokens[i + 1] = tokens[i + 1]?.trimStart() ?? '';
  }
  const parser = new Parser(tokens);
  const nodes = parser.parse(0);
  if (parser.end !== '') throw builtinError(`template: unexpected {{${parser.end}}}`);
  return render(nodes, { dot: values, variables: new Map([['$', values]]) }, vm);
}

const OPERAND = /^(?:\.|\$|(?:\$\w*)?(?:\.\w+)+|\$\w+)$/;

class Parser {
  readonly #tokens: readonly string[];
  #at = 0;
  /** What ended the last list: `else`, `end`, or nothing at the end of the text. */
  end = '';

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  parse(depth: number): Node[] {
    if (depth > MAX_NESTING) throw builtinError(`template: expected at most ${MAX_NESTING} blocks within each other`);
    const nodes: Node[] = [];
    while (this.#at < this.#tokens.length) {
      const token = this.#tokens[this.#at] ?? '';
      this.#at += 1;
      if (!token.startsWith('{{')) {
        nodes.push({ kind: 'text', text: token });
        continue;
      }
      const action = token.replace(/^\{\{-?\s*|\s*-?\}\}$/g, '');
      if (action === 'end' || action === 'else') {
        this.end = action;
        return nodes;
      }
      if (!action.startsWith('/*')) nodes.push(this.#parseAction(action, depth));
    }
    this.end = '';
    return nodes;
  }

  #parseAction(action: string, depth: number): Node {
    const [, word, rest = ''] = /^(range|with|if)\s+(.*)$/s.exec(action) ?? [];
    if (word === undefined) {
      if (!OPERAND.test(action)) throw builtinError(`template: expected a field, found {{${action}}}`);
      return { kind: 'field', path: action };
    }
    const [, declared, path = rest] = /^((?:\$\w+\s*,\s*)?\$\w+)\s*:=\s*(.*)$/s.exec(rest) ?? [];
    if (!OPERAND.test(path)) throw builtinError(`template: expected a field, found {{${action}}}`);
    const body = this.parse(depth + 1);
    const otherwise = this.end === 'else' ? this.parse(depth + 1) : [];
    if (this.end !== 'end') throw builtinError(`template: expected {{end}} of {{${action}}}`);
    return { kind: 'block', word, names: declared?.split(/\s*,\s*/) ?? [], path, body, otherwise };
  }
}

function render(nodes: readonly Node[], scope: Scope, vm: Vm): string {
  let made = '';
  for (const node of nodes) {
    vm.step();
    if (node.kind === 'text') made += node.text;
    else if (node.kind === 'field') made += print(find(node.path, scope));
    else made += renderBlock(node, scope, vm);
    vm.checkSize(made.length);
  }
  return made;
}

function renderBlock(node: Extract<Node, { kind: 'block' }>, scope: Scope, vm: Vm): string {
  const { word, names, path, body, otherwise } = node;
  const value = find(path, scope);
  if (!isTrue(value)) return render(otherwise, scope, vm);
  const bind = (dot: RegoValue | undefined, ...values: readonly (RegoValue | undefined)[]): Scope => {
    const bound = names.length === 1 ? values.slice(-1) : values;
    return { dot, variables: new Map([...scope.variables, ...names.map((name, i) => [name, bound[i]] as const)]) };
  };
  if (word === 'if') return render(body, bind(scope.dot, value), vm);
  if (word === 'with') return render(body, bind(value, value), vm);
  const entries =
    value instanceof RegoObject
      ? value.entries()
      : (elementsOf(value as RegoValue) ?? []).map((item, i) => [i, item] as const);
  return entries.map(([key, item]) => render(body, bind(item, key, item), vm)).join('');
}

function find(path: string, { dot, variables }: Scope): RegoValue | undefined {
  const [head = '', ...keys] = path.split('.');
  let value = head.startsWith('$') ? variables.get(head) : dot;
  for (const key of keys) {
    if (key === '') continue;
    value = value instanceof RegoObject ? value.get(key) : undefined;
  }
  return value;
}

function isTrue(value: RegoValue | undefined): boolean {
  if (value === undefined || value === null || value === false || value === '' || value === 0) return false;
  const elements = elementsOf(value);
  return elements === undefined || elements.length > 0;
}

/** As Go prints its own values: `[a b]` and `map[k:v]`. */
function print(value: RegoValue | undefined): string {
  if (value === undefined || value === null) return '<undefined>';
  if (typeof value === 'string') return value;
  if (isArray(value)) return `[${value.map(print).join(' ')}]`;
  if (!(value instanceof RegoObject)) return formatValue(value);
  return `map[${value
    .entries()
    .map(([key, entry]) => `${print(key)}:${print(entry)}`)
    .join(' ')}]`;
}
