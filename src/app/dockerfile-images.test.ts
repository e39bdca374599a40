import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError } from '../core/index.ts';
import { findDockerfileImages } from './dockerfile-images.ts';

const find = (text: string, values = {}, baseOnly = false) =>
  findDockerfileImages({ text, what: 'Dockerfile', values, baseOnly });

const MANY = `# syntax=docker/dockerfile:1
ARG TAG=v1
ARG REPO
FROM --platform=$BUILDPLATFORM golang:\${TAG} AS Build
RUN --mount=type=bind,from=tools:1,target=/x --mount=type=cache,target=/y make \\
  # a comment between
  --from=nothing
RUN <<EOF
FROM inside:here
EOF
FROM scratch AS empty
from build as second
COPY --from=build --chown=1 /a /b
COPY --from=0 /a /b
COPY --from=$TAG.example.com/literal:1 /a /b
FROM "quoted:\${NONE:-fallback}"
FROM golang:v1
`;

test('images are those that a build pulls: FROM, COPY --from and RUN --mount, each once, no stages and no scratch', () => {
  const expected = ['golang:v1', 'tools:1', '$TAG.example.com/literal:1', 'quoted:fallback'];
  assert.deepEqual(find(MANY), expected);
});

test('arguments given come before defaults, and one without a value is refused', () => {
  assert.deepEqual(find('ARG A=1\nFROM x:$A', { A: '2' }), ['x:2']);
  assert.deepEqual(find('ARG A=1\nARG B=${A}b\nFROM x:${B}'), ['x:1b']);
  assert.deepEqual(find('ARG A\nFROM x${A:+:set}'), ['x']);
  for (const text of ['FROM x:$A', 'ARG A\nFROM x:${A}']) {
    assert.throws(
      () => find(text),
      (error) =>
        error instanceof AppError && error.kind === 'invalid-input' && /Dockerfile:\d: .* A,/.test(error.message),
    );
  }
});

test('the base image is what the last stage is built on, through other stages', () => {
  assert.deepEqual(find('FROM a AS one\nFROM b AS two\nFROM one AS three\nFROM three', {}, true), ['a']);
  assert.deepEqual(find('FROM a AS one\nFROM scratch\nCOPY --from=one /x /', {}, true), []);
  // a stage may have the name of the image that it is built on
  assert.deepEqual(find('FROM a AS a\nFROM a', {}, true), ['a']);
  assert.throws(() => find('RUN true', {}, true), /expected a FROM/);
});

test('lines that are no FROM are refused as such, and other escapes and line ends are read', () => {
  for (const text of ['FROM', 'FROM a b', 'FROM a AS', 'FROM a AS b c'])
    assert.throws(() => find(text), /expected FROM/);
  assert.deepEqual(find('# escape=`\r\nFROM a`\r\n  AS b\r\nFROM c\r\n'), ['a', 'c']);
  assert.deepEqual(find('ONBUILD FROM x\n# FROM y\n\nFROM z'), ['z']);
});
