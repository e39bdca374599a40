/**
 * Password hashes of users, in files as `htpasswd -B` writes them: lines of `NAME:HASH`, with bcrypt in the forms $2a$, $2b$ and $2y$.
 * Not done: the other hashes that htpasswd knows; they are refused, since they are quickly guessed.
 */
import { createHash } from 'node:crypto';
import { AppError } from '../../core/index.ts';

const BCRYPT = /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/;
/** bcrypt rounds as a power of two: about 50 ms on one core. */
const COST = 10;
/** bcrypt ignores what is beyond. */
const MAX_PASSWORD_BYTES = 72;
const MAX_USERS = 10_000;

/** Hashes by name. Throws `invalid-input` naming the line. */
export function parseHtpasswd(text: string, where: string): ReadonlyMap<string, string> {
  const users = new Map<string, string>();
  for (const [index, line] of text.split('\n').entries()) {
    const content = line.trim();
    if (content === '' || content.startsWith('#')) continue;
    const colon = content.indexOf(':');
    const [name, hash] = [content.slice(0, Math.max(colon, 0)), content.slice(colon + 1)];
    const place = `${where}:${index + 1}`;
    if (name === '') throw new AppError('invalid-input', `${place}: expected NAME:HASH, found no name`);
    if (!BCRYPT.test(hash))
      throw new AppError('invalid-input', `${place}: expected a bcrypt hash for ${name} (htpasswd -B), found another`);
    if (users.has(name)) throw new AppError('invalid-input', `${place}: expected each user once, found ${name} again`);
    users.set(name, hash);
    if (users.size > MAX_USERS) throw new AppError('invalid-input', `${where}: expected at most ${MAX_USERS} users`);
  }
  return users;
}

/** The file's text with the user's hash set, or without the user when it is undefined; all other lines stay as they are. */
export function changeHtpasswd(text: string, name: string, hash: string | undefined): string {
  const others = text.split('\n').filter((line) => line !== '' && !line.trimStart().startsWith(`${name}:`));
  return [...others, ...(hash === undefined ? [] : [`${name}:${hash}`]), ''].join('\n');
}

/** Throws `usage` for a password that bcrypt would cut short. */
export async function hashPassword(password: string): Promise<string> {
  const bytes = Buffer.byteLength(password);
  if (bytes === 0 || bytes > MAX_PASSWORD_BYTES)
    throw new AppError('usage', `password: expected 1 to ${MAX_PASSWORD_BYTES} bytes, found ${bytes}`);
  const { hash } = await import('bcryptjs');
  return await hash(password, COST);
}

export async function isPassword(password: string, hash: string): Promise<boolean> {
  const { compare } = await import('bcryptjs');
  return await compare(password, hash);
}

/** Static tokens are long and random, so a plain digest keeps them as well as a slow one. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
