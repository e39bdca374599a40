/** What a function of CUE is: its parameters by kind, and its work on values that are known. */
import type { Machine } from '../machine.ts';
import type { Scalar, Validator, Value } from '../values.ts';
import { KIND } from '../values.ts';

/** A fault is a text, said of the call. */
export type Result = Value | { readonly fault: string };

export interface BuiltinSpec {
  readonly name: string;
  /** Kinds of each parameter. */
  readonly params: readonly number[];
  readonly result: number;
  readonly call: (args: readonly Value[], machine: Machine) => Result;
  /** It looks at more than the value itself, so that it leaves a struct open. */
  readonly isOpen?: boolean;
  /** Arguments need not be known, nor free of errors in what they hold. */
  readonly takesOpen?: boolean;
}

export class Builtin {
  readonly kind = 'builtin';
  readonly name: string;
  readonly params: readonly number[];
  readonly result: number;
  readonly call: BuiltinSpec['call'];
  readonly isOpen: boolean;
  readonly takesOpen: boolean;

  constructor({ name, params, result, call, isOpen = false, takesOpen = false }: BuiltinSpec) {
    this.name = name;
    this.params = params;
    this.result = result;
    this.call = call;
    this.isOpen = isOpen;
    this.takesOpen = takesOpen;
  }

  /** A function that answers yes or no, short of its first argument, is what a value must satisfy. */
  asValidator(args: readonly Value[] = []): Validator | undefined {
    if (this.result !== KIND.bool || args.length !== this.params.length - 1) return undefined;
    return { kind: 'validator', builtin: this, args };
  }
}

export type TextValue = Scalar & { kind: 'string' };
