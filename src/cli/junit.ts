/** Results as JUnit XML, the form that pipelines show. */

export interface JUnitSuite {
  readonly name: string;
  readonly cases: readonly {
    readonly name: string;
    readonly milliseconds: number;
    readonly failure?: { readonly message: string; readonly text: string };
  }[];
}

export function formatJUnit(suites: readonly JUnitSuite[]): string {
  const bodies = suites.map(({ name, cases }) => {
    const failures = cases.filter(({ failure }) => failure !== undefined).length;
    const total = cases.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    const lines = cases.map((one) => {
      const head = `<testcase classname="${escape(name)}" name="${escape(one.name)}" time="${seconds(one.milliseconds)}"`;
      if (one.failure === undefined) return `    ${head}/>`;
      const { message, text } = one.failure;
      return `    ${head}><failure message="${escape(message)}">${escape(text)}</failure></testcase>`;
    });
    const counts = `tests="${cases.length}" failures="${failures}" time="${seconds(total)}"`;
    return [`  <testsuite name="${escape(name)}" ${counts}>`, ...lines, '  </testsuite>'].join('\n');
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${bodies.join('\n')}\n</testsuites>\n`;
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}

/** XML 1.0 has no way to say most control characters. */
function escape(text: string): string {
  return text
    .replaceAll(/[^\t\n\r -\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replaceAll(/[&<>"]/g, (sign) => `&#${sign.codePointAt(0) ?? 0};`);
}
