/** Annotations: comments in YAML below `# METADATA`, which `rego.metadata.rule()` and `rego.metadata.chain()` give to the rule that asks. */
import { parseDocument } from 'yaml';
import { isRecord } from '../../../../core/index.ts';
import { operatorName, termExpr, valueTerm } from '../ast.ts';
import type { Comment, Expr, Module, Rule, Term } from '../ast.ts';
import { fault } from '../fault.ts';
import { fromJson } from '../json.ts';
import { branchesOf, mapBody, mapTerm } from '../walk.ts';
import { groundPart } from './tree.ts';

interface Annotation {
  readonly scope: string;
  /** Names behind `data`. */
  readonly path: readonly string[];
  /** Only of the scope `rule`. */
  readonly rule: Rule | undefined;
  readonly json: Readonly<Record<string, unknown>>;
}

/** Puts values in the place of the two calls. Only modules that hold such calls pay for it. */
export function expandMetadata(modules: readonly Module[]): void {
  let known: readonly Annotation[] | undefined;
  for (const module of modules) {
    for (const rule of module.rules) {
      const map = (term: Term): Term | undefined => {
        const name = term.kind === 'call' ? operatorName(term.operator) : undefined;
        if (name !== 'rego.metadata.rule' && name !== 'rego.metadata.chain') return undefined;
        known ??= modules.flatMap(annotationsOf);
        return valueTerm(
          fromJson(name === 'rego.metadata.rule' ? ruleOf(rule, known) : chainOf(rule, module, known)),
          term.at,
        );
      };
      for (const branch of branchesOf(rule)) expandBranch(branch, map);
    }
  }
}

function expandBranch(branch: Rule, map: (term: Term) => Term | undefined): void {
  const { head } = branch;
  branch.body = mapBody(branch.body, map).map((expr) => expandExpr(expr, map));
  head.key = head.key && mapTerm(head.key, map);
  head.value = head.value && mapTerm(head.value, map);
}

/** A call that is an expression itself. */
function expandExpr(expr: Expr, map: (term: Term) => Term | undefined): Expr {
  const { body, at } = expr;
  if (body.kind !== 'call' || body.args.length > 0) return expr;
  const value = map({ kind: 'call', at, operator: body.operator, args: [] });
  return value === undefined ? expr : { ...expr, body: termExpr(value).body };
}

function ruleOf(rule: Rule, known: readonly Annotation[]): unknown {
  return known.find((annotation) => annotation.rule === rule)?.json ?? {};
}

function pathOf(rule: Rule, module: Module): string[] {
  const names = groundPart(rule.head.reference).map((term) =>
    term.kind === 'var' ? term.name : term.kind === 'value' ? String(term.value as string | number) : '',
  );
  return [...module.path.slice(1), ...names];
}

/** From the rule outwards: rule, document, package, and the packages around it. */
function chainOf(rule: Rule, module: Module, known: readonly Annotation[]): unknown {
  const path = pathOf(rule, module);
  const own = known.find((annotation) => annotation.rule === rule);
  const of = (scope: string, at: readonly string[]) =>
    known
      .filter((annotation) => annotation.scope === scope && isSame(annotation.path, at))
      .map(({ json }) => ({ path: [...at], annotations: json }));
  const home = module.path.slice(1);
  const around = home.map((_, i) => home.slice(0, home.length - i)).flatMap((at) => of('subpackages', at));
  const first = own === undefined ? { path } : { path, annotations: own.json };
  return [first, ...of('document', path), ...of('package', home), ...around];
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((part, i) => part === b[i]);
}

/** Each block belongs to the statement that follows it. */
function annotationsOf(module: Module): Annotation[] {
  return blocksOf(module.comments).flatMap((block): Annotation[] => {
    const end = block.at(-1)?.at.row ?? 0;
    const rule = module.rules.find(({ at }) => at.row > end);
    const isPackage = module.at.row > end;
    if (!isPackage && rule === undefined) return [];
    const json = parseBlock(block, isPackage ? 'package' : 'rule');
    const { scope } = json;
    const path = isPackage || rule === undefined ? module.path.slice(1) : pathOf(rule, module);
    return [{ scope: String(scope), path, rule: scope === 'rule' ? rule : undefined, json }];
  });
}

/** Comments at the start of lines, line by line, of which the first says METADATA. */
function blocksOf(comments: readonly Comment[]): Comment[][] {
  const blocks: Comment[][] = [];
  let open: Comment[] | undefined;
  for (const comment of comments) {
    const before = open?.at(-1);
    if (comment.at.col === 1 && comment.text.trim().startsWith('METADATA')) blocks.push((open = [comment]));
    else if (open !== undefined && comment.at.col === 1 && before?.at.row === comment.at.row - 1) open.push(comment);
    else open = undefined;
  }
  return blocks;
}

function parseBlock(block: readonly Comment[], scope: string): Record<string, unknown> & { readonly scope: unknown } {
  const text = block
    .slice(1)
    .map((comment) => comment.text.replace(/^ /, ''))
    .join('\n');
  const document = parseDocument(text, { version: '1.1' });
  const found: unknown = document.toJS();
  if (document.errors.length > 0 || !isRecord(found))
    throw fault(
      'rego_parse_error',
      `expected METADATA in YAML, found ${document.errors[0]?.message ?? 'no object'}`,
      block[0]?.at,
    );
  const made: Record<string, unknown> & { scope: unknown } = { scope, ...found };
  if (Array.isArray(found.authors)) made.authors = found.authors.map(authorOf);
  if (Array.isArray(found.related_resources))
    made.related_resources = found.related_resources.map((item: unknown) =>
      typeof item === 'string' ? { ref: item } : item,
    );
  return made;
}

/** `Name <address>`, or both apart. */
function authorOf(author: unknown): unknown {
  if (typeof author !== 'string') return author;
  const [, name = author, email] = /^(.*?)\s*(?:<([^<>\s]*)>)?$/.exec(author.trim()) ?? [];
  return email === undefined ? { name } : { name, email };
}
