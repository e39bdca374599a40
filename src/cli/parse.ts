import { parseArgs } from 'node:util';
import { AppError } from '../core/index.ts';
import { spellingOf, type Command, type CommandInput, type Flag, type Flags } from './command.ts';

/** Flags that every command takes. */
export const GLOBAL_FLAGS = {
  json: { kind: 'boolean', description: 'print the result as JSON' },
  help: { kind: 'boolean', short: 'h', description: 'show this help' },
  config: { kind: 'string', value: 'FILE', description: 'configuration file (YAML)' },
  'data-dir': { kind: 'string', value: 'DIR', description: 'folder of the advisory store and the evidence graph' },
  'cache-dir': { kind: 'string', value: 'DIR', description: 'folder of layer indexes and other derived values' },
  timeout: {
    kind: 'string',
    value: 'SECONDS',
    description: 'give up waiting after this many seconds, or a time like 2m30s',
  },
  quiet: { kind: 'boolean', short: 'q', aliases: ['no-tty'], description: 'show no progress; --json does so too' },
  verbose: {
    kind: 'boolean',
    short: 'v',
    aliases: ['debug'],
    description: 'log what happens, and show causes of errors',
  },
} as const satisfies Flags;

/** What oras calls `--json`, for commands that have no formats of their own. */
const FORMAT_FLAG = {
  format: { kind: 'choice', choices: ['text', 'json'], hidden: true, description: 'json is the same as --json' },
} as const satisfies Flags;

type ParsedValue = string | boolean | (string | boolean)[] | undefined;

/** Separates and checks flags and arguments. Throws `usage` naming the flag and what was expected. */
export function parseInput(command: Command, argv: readonly string[]): CommandInput<Flags> {
  const known: Flags = { ...FORMAT_FLAG, ...GLOBAL_FLAGS, ...command.flags };
  const parsed = parseTokens(command, known, argv);
  const flags: Record<string, unknown> = {};
  for (const [name, flag] of Object.entries(known)) flags[name] = valueOf(name, flag, parsed.values[name]);
  if (!Object.hasOwn(command.flags, 'format') && flags.format === 'json') flags.json = true;
  if (flags.help !== true) checkArguments(command, parsed.positionals, flags);
  return { args: parsed.positionals, flags: flags as CommandInput<Flags>['flags'] };
}

function parseTokens(command: Command, known: Flags, argv: readonly string[]) {
  const options: Record<string, { type: 'string' | 'boolean'; multiple: boolean; short?: string }> = {};
  for (const [name, flag] of Object.entries(known)) {
    options[name] = {
      type: flag.kind === 'boolean' ? 'boolean' : 'string',
      multiple: flag.kind === 'list',
      ...(flag.short === undefined ? {} : { short: flag.short }),
    };
  }
  try {
    const args = withBooleanValues(known, withOwnNames(known, argv));
    const parsed = parseArgs({ args, options, allowPositionals: true, allowNegative: true, strict: true });
    return { values: parsed.values as Record<string, ParsedValue>, positionals: parsed.positionals };
  } catch (cause) {
    const message = cause instanceof Error ? (cause.message.split('. ')[0] ?? cause.message) : String(cause);
    throw usage(command, message.charAt(0).toLowerCase() + message.slice(1), cause);
  }
}

/** Flags by the names that we have for them; underscores, which crane has in some, are dashes. */
function withOwnNames(known: Flags, argv: readonly string[]): string[] {
  const aliases = Object.entries(known).flatMap(([name, flag]) =>
    (flag.aliases ?? []).map(
      (alias) => [alias.length === 1 ? `-${alias}` : `--${alias}`, spellingOf(name, flag)] as const,
    ),
  );
  const names = new Map(aliases);
  const end = argv.indexOf('--');
  return argv.map((word, index) => {
    const [, spelling, rest = ''] = /^(--[A-Za-z][\w-]*|-[A-Za-z])(=.*)?$/s.exec(word) ?? [];
    if (spelling === undefined || (end >= 0 && index > end)) return word;
    const dashed = spelling.replaceAll('_', '-');
    return `${names.get(dashed) ?? dashed}${rest}`;
  });
}

/** `--flag=true` and `--flag=false`, as Go programs take them; a lone `-` stays an argument. */
function withBooleanValues(known: Flags, argv: readonly string[]): string[] {
  let isFlag = true;
  return argv.map((word) => {
    if (word === '--') isFlag = false;
    const match = isFlag ? /^--([a-z0-9-]+)=(true|false)$/.exec(word) : null;
    if (match?.[1] === undefined || known[match[1]]?.kind !== 'boolean') return word;
    return match[2] === 'true' ? `--${match[1]}` : `--no-${match[1]}`;
  });
}

function valueOf(name: string, flag: Flag, given: ParsedValue): unknown {
  switch (flag.kind) {
    case 'boolean':
      return given ?? flag.default ?? false;
    case 'list':
      return given ?? [];
    case 'number':
      return given === undefined ? flag.default : parseNumber(name, String(given));
    case 'string':
      return given ?? flag.default;
    case 'choice':
      return parseChoice(name, flag.choices, given === undefined ? flag.default : String(given));
  }
}

function parseNumber(name: string, text: string): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number)) {
    throw new AppError('usage', `--${name}: expected a number, found "${text}"`);
  }
  return number;
}

function parseChoice(name: string, choices: readonly string[], text: string | undefined): string | undefined {
  if (text === undefined || choices.includes(text)) return text;
  throw new AppError('usage', `--${name}: expected one of ${choices.join(', ')}, found "${text}"`);
}

function checkArguments(command: Command, given: readonly string[], flags: Readonly<Record<string, unknown>>): void {
  for (const [name, flag] of Object.entries(command.flags)) {
    if (flag.kind === 'string' && flag.required === true && flags[name] === undefined) {
      throw usage(command, `expected --${name} ${flag.value ?? 'VALUE'}: ${flag.description}`);
    }
  }
  const needed = command.args.filter((argument) => argument.optional !== true);
  const missing = needed[given.length];
  if (given.length < needed.length && missing !== undefined) {
    throw usage(command, `expected ${missing.name}: ${missing.description}`);
  }
  const takesMore = command.args.at(-1)?.repeated === true;
  const surplus = given[command.args.length];
  if (surplus !== undefined && !takesMore) {
    throw usage(command, `expected at most ${command.args.length} arguments, found "${surplus}" as well`);
  }
}

function usage(command: Command, message: string, cause?: unknown): AppError {
  return new AppError('usage', message, { cause, hint: `see plimsoll ${command.name} --help` });
}
