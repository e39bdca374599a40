import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatJUnit } from './junit.ts';

test('JUnit counts and escapes', () => {
  const failure = { message: 'a "b" <c>', text: 'd & \u0000' };
  const cases = [
    { name: 'one', milliseconds: 1500 },
    { name: '<two>', milliseconds: 0.4, failure },
  ];
  assert.equal(
    formatJUnit([{ name: 's', cases }]),
    `<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="s" tests="2" failures="1" time="1.500">
    <testcase classname="s" name="one" time="1.500"/>
    <testcase classname="s" name="&#60;two&#62;" time="0.000"><failure message="a &#34;b&#34; &#60;c&#62;">d &#38; \uFFFD</failure></testcase>
  </testsuite>
</testsuites>
`,
  );
});
