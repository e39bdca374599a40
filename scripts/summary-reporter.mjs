/** A dot for each test, failures in full, skipped tests with their reasons, and the totals. */
const DOTS_PER_LINE = 80;

export default async function* summary(source) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const skips = new Map();
  const failures = [];
  for await (const event of source) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const { details, name, skip, file, line } = event.data;
    if (details?.type === 'suite' || name === file) continue;
    const outcome = skip !== undefined ? 'skipped' : event.type === 'test:pass' ? 'passed' : 'failed';
    counts[outcome] += 1;
    if (outcome === 'skipped') skips.set(skip, (skips.get(skip) ?? 0) + 1);
    if (outcome === 'failed')
      failures.push({ name, where: `${file}:${line}`, error: details.error?.cause ?? details.error });
    const total = counts.passed + counts.failed + counts.skipped;
    yield { passed: '.', failed: 'X', skipped: '-' }[outcome] + (total % DOTS_PER_LINE === 0 ? '\n' : '');
  }
  yield '\n';
  for (const { name, where, error } of failures)
    yield `\nfailed: ${name}\n  at ${where}\n${error?.stack ?? String(error)}\n`;
  for (const [reason, count] of skips) yield `skipped ${count}: ${reason}\n`;
  yield `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`;
}
