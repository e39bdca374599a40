/**
 * Which images a Dockerfile builds on: of `FROM`, `COPY --from` and `RUN --mount=from`, with build arguments put in, without stages of its
 * own and `scratch`. Reads the line form of Docker's reference: comments, continued lines, the `escape` directive, here-documents.
 */
import { AppError } from '../core/index.ts';

export interface DockerfileInput {
  readonly text: string;
  /** Names the file in errors. */
  readonly what: string;
  /** Values of `ARG`s, before their defaults. */
  readonly values: Readonly<Record<string, string | undefined>>;
  /** Only what the last stage is built on, through other stages. */
  readonly baseOnly: boolean;
}

const MAX_CHARACTERS = 4 * 1024 * 1024;
const MAX_IMAGES = 1000;

interface Stage {
  readonly name: string | undefined;
  /** With variables put in. */
  readonly base: string;
}

/** References in the order of the file, each once. Throws `invalid-input` for a variable without a value. */
export function findDockerfileImages(input: DockerfileInput): readonly string[] {
  if (input.text.length > MAX_CHARACTERS)
    throw new AppError('invalid-input', `${input.what}: expected at most ${MAX_CHARACTERS} characters`);
  const stages: Stage[] = [];
  const found: string[] = [];
  const args = new Map<string, string>();
  for (const { line, words } of instructionsOf(input.text)) {
    const fill = (text: string) => substitute(text, args, `${input.what}:${line}`);
    const [instruction = '', ...rest] = words;
    const keyword = instruction.toUpperCase();
    if (keyword === 'ARG' && stages.length === 0) readArgs(rest, { args, values: input.values, fill });
    if (keyword === 'FROM') {
      const stage = readStage(rest, fill, `${input.what}:${line}`);
      if (!isOwn(stage.base, stages)) found.push(stage.base);
      stages.push(stage);
    }
    for (const other of keyword === 'COPY' || keyword === 'ADD' || keyword === 'RUN' ? sourcesOf(rest) : []) {
      // a number is a stage, and only FROM takes build arguments
      if (!/^\d+$/.test(other) && !isOwn(other, stages)) found.push(other);
    }
  }
  const images = input.baseOnly ? [baseOf(stages, input.what)].filter((name) => name !== 'scratch') : found;
  if (images.length > MAX_IMAGES)
    throw new AppError('invalid-input', `${input.what}: expected at most ${MAX_IMAGES} images, found ${images.length}`);
  return [...new Set(images)];
}

/** Stages are found by name in any case; `scratch` is nothing. */
function isOwn(name: string, stages: readonly Stage[]): boolean {
  return name === 'scratch' || findStage(name, stages) >= 0;
}

function findStage(name: string, stages: readonly Stage[]): number {
  return stages.findLastIndex((stage) => stage.name !== undefined && stage.name.toLowerCase() === name.toLowerCase());
}

function baseOf(stages: readonly Stage[], what: string): string {
  let at = stages.length - 1;
  for (;;) {
    const base = stages[at]?.base;
    if (base === undefined) throw new AppError('invalid-input', `${what}: expected a FROM, found none`);
    const before = findStage(base, stages.slice(0, at));
    if (before < 0) return base;
    at = before;
  }
}

function readStage(words: readonly string[], fill: (text: string) => string, where: string): Stage {
  const [base, as, name, ...more] = words.filter((word) => !word.startsWith('--'));
  const isNamed = as?.toUpperCase() === 'AS' && name !== undefined;
  if (base === undefined || more.length > 0 || (as !== undefined && !isNamed))
    throw new AppError('invalid-input', `${where}: expected FROM IMAGE [AS NAME], found "FROM ${words.join(' ')}"`);
  return { name: isNamed ? name : undefined, base: fill(unquote(base)) };
}

function readArgs(
  words: readonly string[],
  context: {
    readonly args: Map<string, string>;
    readonly values: DockerfileInput['values'];
    readonly fill: (text: string) => string;
  },
): void {
  for (const word of words) {
    const at = word.indexOf('=');
    const name = at < 0 ? word : word.slice(0, at);
    const value = context.values[name] ?? (at < 0 ? undefined : context.fill(unquote(word.slice(at + 1))));
    if (value !== undefined) context.args.set(name, value);
  }
}

/** `--from=NAME` of COPY and ADD, `--mount=...,from=NAME,...` of RUN; flags stand before everything else. */
function sourcesOf(words: readonly string[]): readonly string[] {
  const end = words.findIndex((word) => !word.startsWith('--'));
  return words.slice(0, end < 0 ? words.length : end).flatMap((word) => {
    const given = /^--(?:from=|mount=(?:.*,)?from=)([^,]+)/.exec(word)?.[1];
    return given === undefined ? [] : [unquote(given)];
  });
}

/** `$NAME`, `${NAME}`, `${NAME:-word}`, `${NAME:+word}`. */
function substitute(text: string, args: ReadonlyMap<string, string>, where: string): string {
  return text.replaceAll(
    /\$(?:(\w+)|\{(\w+)(?::?([-+?])([^}]*))?\})/g,
    (_, bare: string | undefined, braced: string | undefined, operator: string | undefined, word = '') => {
      const name = bare ?? braced ?? '';
      const value = args.get(name);
      if (operator === '+') return value === undefined || value === '' ? '' : word;
      if (value !== undefined && value !== '') return value;
      if (operator === '-') return word;
      throw new AppError('invalid-input', `${where}: expected a value for the build argument ${name}, found none`, {
        hint: `give --build-arg ${name}=VALUE`,
      });
    },
  );
}

function unquote(text: string): string {
  return /^(["']).*\1$/.test(text) ? text.slice(1, -1) : text;
}

interface Instruction {
  /** From 1. */
  readonly line: number;
  readonly words: readonly string[];
}

function instructionsOf(text: string): readonly Instruction[] {
  const escape = /^(?:\s*#[^\n]*\n)*?\s*#\s*escape\s*=\s*([\\`])/i.exec(text)?.[1] ?? '\\';
  const instructions: Instruction[] = [];
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; at += 1) {
    const line = at + 1;
    if (isIgnored(lines[at])) continue;
    let whole = '';
    for (; at < lines.length; at += 1) {
      const part = (lines[at] ?? '').trimEnd();
      // comments and empty lines may stand between the parts
      if (whole !== '' && isIgnored(part)) continue;
      if (!part.endsWith(escape)) {
        whole += part;
        break;
      }
      whole += `${part.slice(0, -1)} `;
    }
    for (const end of heredocsOf(whole)) while (at + 1 < lines.length && lines[(at += 1)]?.trim() !== end);
    instructions.push({ line, words: whole.trim().split(/\s+/) });
  }
  return instructions;
}

function isIgnored(line: string | undefined): boolean {
  return line === undefined || /^\s*(?:#|$)/.test(line);
}

/** What a here-document of RUN or COPY ends with: its lines are no instructions. */
function heredocsOf(line: string): readonly string[] {
  if (!/^\s*(?:RUN|COPY|ADD)\s/i.test(line)) return [];
  return [...line.matchAll(/<<-?\s*(["']?)(\w+)\1/g)].map((match) => match[2] ?? '');
}
