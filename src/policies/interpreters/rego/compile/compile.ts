/** From modules to rules that are ready to be run: the steps of OPA's compiler, in its order, each with its checks. */
import type { Expr, Module, Rule } from '../ast.ts';
import { faultError } from '../fault.ts';
import type { Fault } from '../fault.ts';
import { branchesOf } from '../walk.ts';
import {
  arityOf,
  checkCalls,
  checkDeprecated,
  checkModern,
  checkVoidCalls,
  erasePrints,
  prepareWiths,
} from './check.ts';
import {
  captureHeads,
  captureInBody,
  expandBody,
  expandRule,
  expandTemplates,
  expandTemplatesInBody,
  liftBody,
  rewriteEquals,
} from './expand.ts';
import { checkKinds } from './kinds.ts';
import { rewriteLocals, rewriteQueryLocals } from './locals.ts';
import { expandMetadata } from './metadata.ts';
import { Names } from './names.ts';
import { resolveModules, resolveQuery } from './resolve.ts';
import { checkBodies, checkHeads, checkQuery } from './safety.ts';
import { buildTree, checkConflicts, checkMixedSets, checkRecursion } from './tree.ts';
import type { RuleNode } from './tree.ts';

export interface Compiled {
  readonly root: RuleNode;
  readonly modules: readonly Module[];
  readonly names: Names;
}

function refuse(faults: readonly Fault[]): void {
  const [first, ...rest] = faults;
  if (first !== undefined) throw faultError([first, ...rest]);
}

/** Changes the modules in place. Throws with all faults of the first step that finds any. */
export function compileModules(modules: readonly Module[], isStrict: boolean): Compiled {
  expandMetadata(modules);
  const names = new Names();
  const rules = modules.flatMap((module) => module.rules);
  refuse(resolveModules(modules, isStrict));
  refuse(modules.filter(({ isV1 }) => isV1 || isStrict).flatMap(checkModern));
  const root = buildTree(modules);
  refuse(rules.flatMap((rule) => rewriteLocals(rule, { names, isStrict })));
  refuse(rules.flatMap((rule) => expandRuleTemplates(rule, names)));
  refuse(rules.flatMap(checkVoidCalls));
  for (const branch of rules.flatMap(branchesOf)) branch.body = erasePrints(branch.body);
  for (const rule of rules) expandRule(rule, names);
  for (const rule of rules) captureHeads(rule, names);
  for (const branch of rules.flatMap(branchesOf)) branch.body = prepareWiths(branch.body, root, names);
  refuse(checkConflicts(root));
  refuse(rules.flatMap(branchesOf).flatMap(({ body }) => checkCalls(body, root, names)));
  refuse(checkHeads(rules, names));
  refuse(checkBodies(rules, (operator) => arityOf(operator, root), names));
  for (const branch of rules.flatMap(branchesOf)) branch.body = liftBody(rewriteEquals(branch.body), names);
  refuse(checkRecursion(root));
  refuse(checkMixedSets(root));
  refuse(checkKinds(rules, root));
  refuse(modules.filter(({ isV1 }) => isV1 || isStrict).flatMap((module) => checkDeprecated(module.rules)));
  return { root, modules, names };
}

function expandRuleTemplates(rule: Rule, names: Names): Fault[] {
  const faults: Fault[] = [];
  for (const branch of branchesOf(rule)) expandTemplates(branch, names, faults);
  return faults;
}

/** A query over compiled modules, ready to be run. */
export function compileQuery(query: readonly Expr[], { root, names }: Compiled): Expr[] {
  const { body, faults } = rewriteQueryLocals(resolveQuery(query, ['data'], []), { names, isStrict: false });
  refuse(faults);
  const templateFaults: Fault[] = [];
  let ready = expandTemplatesInBody(body, names, templateFaults);
  refuse(templateFaults);
  ready = prepareWiths(captureInBody(expandBody(erasePrints(ready), names), names), root, names);
  refuse(checkCalls(ready, root, names));
  const safe = checkQuery(ready, (operator) => arityOf(operator, root), names);
  refuse(safe.faults);
  return liftBody(safe.body, names);
}
