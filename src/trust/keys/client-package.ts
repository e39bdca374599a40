/** Clients of cloud services are packages that may be absent: what is used of them is looked for by name, and checked as it comes. */
import { AppError, isRecord } from '../../core/index.ts';

type Loaded = Readonly<Record<string, unknown>>;
type Method = (...words: readonly unknown[]) => Promise<unknown>;

/** Makes an instance of the package's class. */
export function constructorIn(loaded: Loaded, name: string, from: string): (...words: readonly unknown[]) => object {
  const found = loaded[name];
  if (typeof found !== 'function') throw other(from, name);
  return (...words) => Reflect.construct(found, words) as object;
}

/** A method of an object that the package made. What it throws becomes an error of a kind. */
export function methodIn(owner: object, name: string, from: string): Method {
  const found: unknown = Reflect.get(owner, name);
  if (typeof found !== 'function') throw other(from, name);
  return async (...words) => {
    try {
      return (await Reflect.apply(found, owner, words)) as unknown;
    } catch (cause) {
      throw failure(from, cause);
    }
  };
}

/** Each vendor has names and codes of its own; what they have in common tells enough. */
function failure(from: string, cause: unknown): AppError {
  const { name, message } = cause instanceof Error ? cause : new Error(String(cause));
  const text = `${name}: ${message}`.slice(0, 500);
  const kind =
    /not.?found|no such key/i.test(text) && !/ENOTFOUND/.test(text)
      ? 'not-found'
      : /denied|unauthori[sz]ed|forbidden|credential|unauthenticated|permission/i.test(text)
        ? 'unauthorized'
        : 'unavailable';
  return new AppError(kind, `${from}: ${text}`, { cause });
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
