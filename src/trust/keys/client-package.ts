/** Clients of cloud services are packages that may be absent: what is used of them is looked for by name, and checked as it comes. */
import { AppError, isRecord } from '../../core/index.ts';

type Loaded = Readonly<Record<string, unknown>>;
type Method = (...words: readonly unknown[]) => unknown;

/** Makes an instance of the package's class. */
export function constructorIn(loaded: Loaded, name: string, from: string): (...words: readonly unknown[]) => object {
  const found = loaded[name];
  if (typeof found !== 'function') throw other(from, name);
  return (...words) => Reflect.construct(found, words) as object;
}

/** A method of an object that the package made. */
export function methodIn(owner: object, name: string, from: string): Method {
  const found: unknown = Reflect.get(owner, name);
  if (typeof found !== 'function') throw other(from, name);
  return (...words) => Reflect.apply(found, owner, words) as unknown;
}

/** A field of bytes in an answer. Throws `invalid-input` naming `what`. */
export function bytesIn(answer: unknown, field: string, what: string): Uint8Array {
  const found = isRecord(answer) ? answer[field] : undefined;
  if (found instanceof Uint8Array) return found;
  throw new AppError('invalid-input', `${what}: expected bytes in ${field}, found none`);
}

/** A field of text in an answer. Throws `invalid-input` naming `what`. */
export function textIn(answer: unknown, field: string, what: string): string {
  const found = isRecord(answer) ? answer[field] : undefined;
  if (typeof found === 'string') return found;
  throw new AppError('invalid-input', `${what}: expected text in ${field}, found none`);
}

function other(from: string, name: string): AppError {
  return new AppError('unavailable', `${from}: expected ${name} in the package, found another version of it`);
}
