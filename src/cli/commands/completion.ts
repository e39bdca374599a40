import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import type { Command } from '../command.ts';
import { spellingOf } from '../help.ts';
import { GLOBAL_FLAGS } from '../parse.ts';
import { commands } from './index.ts';

export const completion = defineCommand({
  name: 'completion',
  group: 'other',
  summary: 'print a completion script for a shell',
  args: [{ name: 'SHELL', description: 'bash, zsh or fish' }],
  flags: {},
  examples: [
    { command: 'source <(plimsoll completion bash)', explains: 'for this bash session' },
    { command: 'plimsoll completion fish > ~/.config/fish/completions/plimsoll.fish', explains: 'for fish, for good' },
  ],
  async run({ args: [shell = ''] }, context) {
    const write = SCRIPTS.get(shell);
    if (write === undefined) throw new AppError('usage', `expected bash, zsh or fish, found "${shell}"`);
    const loaded = await Promise.all(commands.map((entry) => entry.load()));
    context.output.raw(write(loaded));
    return 0;
  },
});

const SCRIPTS: ReadonlyMap<string, (list: readonly Command[]) => string> = new Map([
  ['bash', bashScript],
  ['zsh', (list) => `#compdef plimsoll\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(list)}`],
  ['fish', fishScript],
]);

function bashScript(list: readonly Command[]): string {
  const cases = list.map((command) => `    "${command.name}"*) words="${flagsOf(command).join(' ')}" ;;`);
  const first = [...new Set(list.map(({ name }) => name.split(' ')[0]))].join(' ');
  return `_plimsoll() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words
  case "\${COMP_WORDS[*]:1}" in
${cases.sort((a, b) => b.indexOf('"*') - a.indexOf('"*')).join('\n')}
    *) words="${first}" ;;
  esac
  [ "$COMP_CWORD" = 1 ] && words="${first}"
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ \${#COMPREPLY[@]} = 0 ] && COMPREPLY=($(compgen -f -- "$current"))
}
complete -o filenames -F _plimsoll plimsoll
`;
}

function fishScript(list: readonly Command[]): string {
  const lines = list.flatMap((command) => {
    const [first = '', second] = command.name.split(' ');
    const at = second === undefined ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${first}`;
    const flags = Object.entries({ ...GLOBAL_FLAGS, ...command.flags }).filter(
      ([, flag]) => !('hidden' in flag && flag.hidden),
    );
    return [
      `complete -c plimsoll -n '${at}' -a '${second ?? first}' -d '${quote(command.summary)}'`,
      ...flags.map(
        ([name, flag]) =>
          `complete -c plimsoll -n '__fish_seen_subcommand_from ${second ?? first}' -l '${spellingOf(name, flag).slice(2)}' -d '${quote(flag.description)}'`,
      ),
    ];
  });
  return `${lines.join('\n')}\n`;
}

function flagsOf(command: Command): string[] {
  const own = Object.entries(command.flags).filter(([, flag]) => flag.hidden !== true);
  const second = command.name.split(' ').slice(1);
  return [
    ...second,
    ...own.map(([name, flag]) => spellingOf(name, flag)),
    ...Object.keys(GLOBAL_FLAGS).map((name) => `--${name}`),
  ];
}

function quote(text: string): string {
  return text.replaceAll("'", String.raw`\'`);
}
