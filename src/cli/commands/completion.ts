import { AppError } from '../../core/index.ts';
import { defineCommand, spellingOf, type Command, type Flag, type Flags } from '../command.ts';
import { GLOBAL_FLAGS } from '../parse.ts';
import { commands, namesOf } from './index.ts';

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
    const loaded = await Promise.all(
      commands.map(async (entry) => {
        const command = await entry.load();
        return namesOf(entry).map((name) => ({ ...command, name }));
      }),
    );
    context.output.raw(write(loaded.flat()));
    return 0;
  },
});

const SCRIPTS: ReadonlyMap<string, (list: readonly Command[]) => string> = new Map([
  ['bash', bashScript],
  ['zsh', (list) => `#compdef plimsoll\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(list)}`],
  ['fish', fishScript],
]);

/** `before` holds the words between the program and the one that is completed. */
function bashScript(list: readonly Command[]): string {
  const flags = new Map(list.map((command) => [command.name, flagsOf(command).join(' ')]));
  const following = [...nextWords(list)].map(
    ([before, words]) => `    "${before}") words="${[...words].join(' ')} ${flags.get(before) ?? ''}" ;;`,
  );
  const longestFirst = [...flags].toSorted(([a], [b]) => b.length - a.length);
  return `_plimsoll() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[*]:1:COMP_CWORD-1}" words=
  case "$before" in
${following.join('\n')}
${longestFirst.map(([name, words]) => `    "${name}"|"${name} "*) words="${words}" ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ \${#COMPREPLY[@]} = 0 ] && COMPREPLY=($(compgen -f -- "$current"))
}
complete -o filenames -F _plimsoll plimsoll
`;
}

function fishScript(list: readonly Command[]): string {
  const summaries = new Map(list.map(({ name, summary }) => [name, summary]));
  const following = [...nextWords(list)].flatMap(([before, words]) =>
    [...words].map((word) => {
      const name = before === '' ? word : `${before} ${word}`;
      return `complete -c plimsoll -n '__plimsoll_at "${before}"' -a '${word}' -d '${quote(summaries.get(name) ?? '')}'`;
    }),
  );
  const flags = list.flatMap((command) =>
    shownFlags(command).map(
      ([name, flag]) =>
        `complete -c plimsoll -n '__plimsoll_in "${command.name}"' -l '${spellingOf(name, flag).slice(2)}' -d '${quote(flag.description)}'`,
    ),
  );
  const functions = [
    "function __plimsoll_words; string join ' ' -- (commandline -opc)[2..-1]; end",
    'function __plimsoll_at; test (__plimsoll_words) = "$argv[1]"; end',
    'function __plimsoll_in; string match -q -- "$argv[1] *" (__plimsoll_words)" "; end',
  ];
  return `${[...functions, ...following, ...flags].join('\n')}\n`;
}

/** By the words so far, what may follow. */
function nextWords(list: readonly Command[]): ReadonlyMap<string, ReadonlySet<string>> {
  const next = new Map<string, Set<string>>();
  for (const { name } of list) {
    const words = name.split(' ');
    for (const [index, word] of words.entries()) {
      const before = words.slice(0, index).join(' ');
      next.set(before, (next.get(before) ?? new Set()).add(word));
    }
  }
  return next;
}

function shownFlags(command: Command): readonly (readonly [string, Flag])[] {
  const all: Flags = { ...command.flags, ...GLOBAL_FLAGS };
  return Object.entries(all).filter(([, flag]) => flag.hidden !== true);
}

function flagsOf(command: Command): readonly string[] {
  return shownFlags(command).map(([name, flag]) => spellingOf(name, flag));
}

function quote(text: string): string {
  return text.replaceAll("'", String.raw`\'`);
}
