/** From words to a command, and from its outcome to an exit code. */
import { AppError, toAppError } from '../core/index.ts';
import type { SettingValues } from '../core/index.ts';
import { createOutput, shown } from './output.ts';
import type { Streams } from './output.ts';
import { parseInput } from './parse.ts';
import { commands, findCommand, namesOf } from './commands/index.ts';
import type { Command, Context, Output } from './command.ts';

/** What the rim gives the CLI: everything that touches the process. */
export interface Rim extends Omit<Context, 'output'> {
  readonly streams: Streams;
}

export interface RimOptions {
  readonly verbose: boolean;
  /** No progress. */
  readonly quiet: boolean;
  readonly config: string | undefined;
  readonly flags: SettingValues;
}

export type CreateRim = (options: RimOptions) => Promise<Rim>;

/** Gives the process's exit code. Errors go to `writeError`, one line and at most one hint, or a JSON object. */
export async function main(
  argv: readonly string[],
  createRim: CreateRim,
  writeError: (text: string) => void,
): Promise<number> {
  const isVerbose = argv.includes('--verbose') || argv.includes('-v');
  const isJson = argv.includes('--json');
  try {
    return await dispatch(argv, createRim);
  } catch (thrown) {
    const error = toAppError(thrown);
    writeError(isJson ? formatErrorJson(error) : shown(formatError(error, isVerbose), true));
    return error.exitCode;
  }
}

async function dispatch(argv: readonly string[], createRim: CreateRim): Promise<number> {
  const found = findCommand(argv);
  if (found === undefined) return showOverview(argv, createRim);
  const { entry, rest } = found;
  const command = await entry.load();
  const input = parseInput(command, rest);
  const flags = input.flags as Readonly<Record<string, unknown>>;
  const rim = await createRim({
    verbose: flags.verbose === true,
    quiet: flags.quiet === true || flags.json === true,
    config: flags.config as string | undefined,
    flags: settingFlags(flags),
  });
  const output = outputOf(rim, flags.json === true);
  if (flags.help === true) {
    const { formatHelp } = await import('./help.ts');
    output.result(command, formatHelp(command, entry.aliases));
    return 0;
  }
  return await run(command, input, { ...rim, output });
}

/** Servers run until they are stopped, transfers until they are done; everything else gives up after the timeout setting. */
async function run(command: Command, input: Parameters<Command['run']>[0], context: Context): Promise<number> {
  const isTimed = command.transfers !== true || typeof input.flags.timeout === 'string';
  if (command.group === 'server' || !isTimed) return await command.run(input, context);
  const limit = AbortSignal.timeout(context.ports.settings.timeoutSeconds * 1000);
  return await command.run(input, { ...context, signal: AbortSignal.any([context.signal, limit]) });
}

function settingFlags(flags: Readonly<Record<string, unknown>>): SettingValues {
  const given: Record<string, string> = {};
  for (const [flag, name] of [
    ['data-dir', 'dataDir'],
    ['cache-dir', 'cacheDir'],
    ['timeout', 'timeoutSeconds'],
    ['jobs', 'parallelism'],
    ['trusted-root', 'trustedRoot'],
  ] as const) {
    const value = flags[flag];
    if (typeof value === 'string' || typeof value === 'number') given[name] = String(value);
  }
  return given;
}

function outputOf(rim: Rim, json: boolean): Output {
  return createOutput(rim.streams, { json, noColor: (rim.ports.environment.NO_COLOR ?? '') !== '' });
}

async function showOverview(argv: readonly string[], createRim: CreateRim): Promise<number> {
  const [first] = argv;
  const isAsked = first === undefined || first === 'help' || first === '--help' || first === '-h';
  const loaded = await Promise.all(
    commands.map(async (entry) => ({ command: await entry.load(), names: namesOf(entry) })),
  );
  // one word of several: what can follow it
  const shown = loaded.flatMap(({ command, names }) =>
    (isAsked ? [command.name] : names.filter((name) => name.startsWith(`${first} `))).map((name) => ({
      ...command,
      name,
    })),
  );
  if (shown.length === 0) throw unknownCommand(argv);
  const { formatHelp, formatOverview } = await import('./help.ts');
  const rim = await createRim({ verbose: false, quiet: true, config: undefined, flags: {} });
  const named = isAsked ? findCommand(argv.slice(1)) : undefined;
  const text = named === undefined ? formatOverview(shown) : formatHelp(await named.entry.load(), named.entry.aliases);
  outputOf(rim, false).result(shown, text);
  return isAsked ? 0 : 2;
}

function unknownCommand(argv: readonly string[]): AppError {
  const word = argv[0] ?? '';
  const near = commands.flatMap(namesOf).filter((name) => name.startsWith(word) || distance(name, word) <= 2);
  const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : 'plimsoll --help lists the commands';
  return new AppError('usage', `expected a command, found "${word}"`, { hint });
}

/** Levenshtein distance, for suggestions. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitution));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

function formatError(error: AppError, isVerbose: boolean): string {
  const lines = [`plimsoll: ${error.message}`];
  if (error.hint !== undefined) lines.push(`hint: ${error.hint}`);
  if (error.kind === 'internal')
    lines.push('hint: this is a bug in plimsoll; please report it with the lines below', error.stack ?? '');
  else if (isVerbose)
    for (let cause = error.cause; cause instanceof Error; cause = cause.cause) lines.push(`cause: ${cause.message}`);
  return `${lines.join('\n')}\n`;
}

function formatErrorJson(error: AppError): string {
  const { kind, message, details, hint } = error;
  return `${JSON.stringify({ error: { kind, message, ...(hint === undefined ? {} : { hint }), details } })}\n`;
}
