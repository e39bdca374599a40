/** Help texts, made from the command values. */
import { spellingOf, type Argument, type Command, type Flag, type Flags } from './command.ts';
import { GLOBAL_FLAGS } from './parse.ts';

const GROUPS: readonly (readonly [Command['group'], string])[] = [
  ['artifacts', 'Artifacts: images and files in registries, layouts and archives'],
  ['trust', 'Trust: keys, signatures'],
  ['metadata', 'Metadata: SBOMs, advisories, findings'],
  ['attestations', 'Attestations: signed statements about artifacts'],
  ['policies', 'Policies: what may run'],
  ['server', 'Servers and the evidence graph'],
  ['other', 'Other'],
];

export function formatOverview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((command) => command.name.length)) + 2;
  const lines = [
    'plimsoll: nothing runs in the cluster that cannot be proved',
    '',
    'usage: plimsoll COMMAND [ARGS] [FLAGS]',
  ];
  for (const [group, title] of GROUPS) {
    const members = commands.filter((command) => command.group === group);
    if (members.length === 0) continue;
    lines.push('', title, ...members.map((command) => `  ${command.name.padEnd(width)}${command.summary}`));
  }
  lines.push('', 'plimsoll COMMAND --help shows arguments, flags and examples.');
  return lines.join('\n');
}

export function formatHelp(command: Command, aliases: readonly string[] = []): string {
  const lines = [command.summary, '', formatUsage(command)];
  if (aliases.length > 0) lines.push(`also: ${aliases.map((alias) => `plimsoll ${alias}`).join(', ')}`);
  if (command.description !== undefined) lines.push('', command.description);
  if (command.args.length > 0) {
    lines.push('', 'arguments:', ...table(command.args.map((arg) => [formatArgument(arg), arg.description])));
  }
  lines.push('', 'examples:');
  for (const example of command.examples) lines.push(`  # ${example.explains}`, `  ${example.command}`);
  if (Object.keys(command.flags).length > 0) lines.push('', 'flags:', ...formatFlags(command.flags));
  lines.push('', 'flags of every command:', ...formatFlags(GLOBAL_FLAGS));
  return lines.join('\n');
}

function formatUsage(command: Command): string {
  return ['usage: plimsoll', command.name, ...command.args.map(formatArgument), '[FLAGS]'].join(' ');
}

export function formatArgument(argument: Argument): string {
  const name = argument.repeated === true ? `${argument.name}...` : argument.name;
  return argument.optional === true ? `[${name}]` : name;
}

/** Flags that help lists, each with its spelling and its description. */
export function describeFlags(flags: Flags): readonly (readonly [string, string])[] {
  return Object.entries(flags).flatMap(([name, flag]) =>
    flag.hidden === true ? [] : [[formatFlag(name, flag), describeFlag(flag)] as const],
  );
}

function formatFlags(flags: Flags): string[] {
  return table(describeFlags(flags));
}

function formatFlag(name: string, flag: Flag): string {
  const short = flag.short === undefined ? '' : `-${flag.short}, `;
  const value = flag.kind === 'boolean' ? '' : ` ${flag.value ?? (flag.kind === 'number' ? 'N' : 'VALUE')}`;
  return `${short}${spellingOf(name, flag)}${value}`;
}

function describeFlag(flag: Flag): string {
  const notes: string[] = [];
  if (flag.kind === 'choice') notes.push(`one of ${flag.choices.join(', ')}`);
  if (flag.kind === 'list') notes.push('repeatable');
  if (flag.kind === 'string' && flag.required === true) notes.push('required');
  if (flag.kind !== 'boolean' && flag.kind !== 'list' && flag.default !== undefined)
    notes.push(`default ${flag.default}`);
  return notes.length === 0 ? flag.description : `${flag.description} (${notes.join('; ')})`;
}

function table(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.min(34, Math.max(...rows.map(([left]) => left.length))) + 2;
  return rows.map(([left, right]) =>
    left.length + 2 > width ? `  ${left}\n  ${' '.repeat(width)}${right}` : `  ${left.padEnd(width)}${right}`,
  );
}
