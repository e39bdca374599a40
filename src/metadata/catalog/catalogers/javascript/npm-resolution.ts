/** How Node finds what a package needs. */

/** Folders between a package and what it needs; npm flattens, so real files stay below 10. */
const MAX_LEVELS = 64;

/** As Node does: the key of the nearest package of a name, from a place upwards. */
export function findUpwards(
  place: string,
  keyAt: (place: string) => string,
  isKey: (key: string) => boolean,
): string | undefined {
  let at = place;
  for (let level = 0; level < MAX_LEVELS; level++) {
    const key = keyAt(at);
    if (isKey(key)) return key;
    if (at === '') return undefined;
    at = at.slice(0, Math.max(0, at.lastIndexOf('/')));
  }
  return undefined;
}
