/** Appends all. In place of `push(...items)`, whose arguments lie on the stack: a hundred thousand from a stranger end the program. */
export function pushAll<T>(target: T[], items: Iterable<T>): void {
  for (const item of items) target.push(item);
}
