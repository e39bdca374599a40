/** Results in the order of the items; at most `limit` actions run at a time. The first failure is thrown and stops the rest. */
export async function mapParallel<T, R>(
  items: readonly T[],
  limit: number,
  action: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  let next = 0;
  const work = async () => {
    try {
      while (next < items.length) {
        const index = next;
        next += 1;
        results[index] = await action(items[index] as T);
      }
    } finally {
      // done, or failed: then the others need not go on
      next = items.length;
    }
  };
  await Promise.all(Array.from({ length: Math.min(Math.max(limit, 1), items.length) }, work));
  return results;
}
