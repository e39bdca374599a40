/** Commands as values: parsing, help, completion and the reference pages are all generated from them. */
import type { AdmissionService } from '../app/admission-service.ts';
import type { Ports, WebHandler } from '../core/index.ts';

interface FlagBase {
  readonly description: string;
  /** One letter. */
  readonly short?: string;
  /** What stands for the value in help, for example `FILE`. */
  readonly value?: string;
  /** Kept so that scripts written for other tools run; help does not list it. */
  readonly hidden?: boolean;
  /** What other tools call its spelling in help; one letter stands after a single dash. */
  readonly aliases?: readonly string[];
}

export type Flag =
  /** With a default of true its spelling in help is `--no-NAME`, and its description says what that does. */
  | (FlagBase & { readonly kind: 'boolean'; readonly default?: true })
  | (FlagBase & { readonly kind: 'string'; readonly default?: string; readonly required?: boolean })
  | (FlagBase & { readonly kind: 'number'; readonly default?: number })
  | (FlagBase & { readonly kind: 'list' })
  | (FlagBase & { readonly kind: 'choice'; readonly choices: readonly string[]; readonly default?: string });

export type Flags = Readonly<Record<string, Flag>>;

type ValueOf<F extends Flag> = F extends { kind: 'boolean' }
  ? boolean
  : F extends { kind: 'list' }
    ? readonly string[]
    : F extends { kind: 'number' }
      ? F extends { default: number }
        ? number
        : number | undefined
      : F extends { default: string } | { required: true }
        ? string
        : string | undefined;

export type FlagValues<F extends Flags> = { readonly [K in keyof F]: ValueOf<F[K]> };

export interface Argument {
  /** In capitals, as help shows it: `REF`. */
  readonly name: string;
  readonly description: string;
  readonly optional?: boolean;
  /** Takes all that follow; only for the last one. */
  readonly repeated?: boolean;
}

export interface Example {
  readonly command: string;
  readonly explains: string;
}

export type CommandGroup = 'artifacts' | 'trust' | 'metadata' | 'attestations' | 'policies' | 'server' | 'other';

export interface Command<F extends Flags = Flags> {
  /** One to three words: `verify`, `registry serve`. */
  readonly name: string;
  readonly group: CommandGroup;
  /** One line, lower case, without a full stop. */
  readonly summary: string;
  /** Paragraphs for help and the reference page. */
  readonly description?: string;
  readonly args: readonly Argument[];
  readonly flags: F;
  /** Moves as much as there is: only an explicit --timeout ends it; a peer that falls silent does so anyway. */
  readonly transfers?: boolean;
  readonly examples: readonly Example[];
  /** Gives the exit code: 0 done or yes, EXIT_NEGATIVE for a "no". Throws AppError when it could not decide. */
  run(input: CommandInput<F>, context: Context): Promise<number>;
}

export interface CommandInput<F extends Flags> {
  readonly args: readonly string[];
  readonly flags: FlagValues<F>;
}

export interface Context {
  readonly ports: Ports;
  readonly output: Output;
  /** Aborted by Ctrl-C and by the timeout setting. */
  readonly signal: AbortSignal;
  /** Standard input, up to a ceiling in bytes. */
  readonly readInput: (maxBytes: number) => Promise<Uint8Array>;
  /** Standard input as it comes. */
  readonly streamInput: () => AsyncIterable<Uint8Array>;
  /** The HTTP face of the admission service, from the server room. */
  readonly createHandler: (
    service: AdmissionService,
    options: {
      readonly servesPrivate: boolean;
      readonly fault: () => string | undefined;
      readonly isDraining: () => boolean;
    },
  ) => Promise<WebHandler>;
  /** Asks on the terminal for a yes; throws `usage` when there is none. */
  readonly confirm: (question: string) => Promise<boolean>;
  /** Asks on the terminal without echo; throws `usage` when there is none. */
  readonly askSecret: (prompt: string) => Promise<string>;
}

/** Results go to standard output, all else to standard error. */
export interface Output {
  /** Whether `--json` was given. */
  readonly json: boolean;
  /** The command's result: `value` under --json, else `text` (a final newline is added when missing; empty prints nothing). */
  result(value: unknown, text: string): void;
  /** A document in its own format, whatever --json says. */
  raw(content: Uint8Array | string): void;
  /** A remark for the reader, to standard error. */
  note(text: string): void;
  /** Paints text for a terminal that wants colours, else gives it back. */
  readonly paint: (style: 'good' | 'bad' | 'warn' | 'dim' | 'bold', text: string) => string;
}

/** Keeps the literal types of flags, so that `run` sees typed values. */
export function defineCommand<const F extends Flags>(command: Command<F>): Command {
  return command;
}

/** Dashes and name; of a boolean that is on by default, what turns it off. */
export function spellingOf(name: string, flag: Flag): string {
  return flag.kind === 'boolean' && flag.default === true ? `--no-${name}` : `--${name}`;
}
