/** What a list has after an entry: in the registry's order, or by name when the entry is not in it. */
export function after(list: readonly string[], last: string | undefined): readonly string[] {
  if (last === undefined) return list;
  const at = list.indexOf(last);
  return at < 0 ? list.filter((entry) => entry > last) : list.slice(at + 1);
}
