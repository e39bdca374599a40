import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXECUTABLE } from './executable.ts';
import { HeldProgram } from './held-program.ts';
import { crates, packageNote } from './testing.ts';

const MIB = 1024 * 1024;
const LIST = { packages: [{ name: 'a', version: '1.0.0', source: 'crates.io' }] };
const NOTE = { type: 'rpm', name: 'tool', version: '1' };

interface Segment {
  readonly type?: number;
  readonly flags?: number;
  readonly start: number;
  readonly size: number;
}

interface Parts {
  readonly size: number;
  readonly segments: readonly Segment[];
  readonly sections: readonly { readonly name: string; readonly start: number; readonly content: Buffer }[];
}

/** A program whose every other byte is 0xee, with its table of sections before the last MiB. */
function makeProgram({ size, segments, sections }: Parts): Buffer {
  const file = Buffer.alloc(size, 0xee);
  file.fill(0, 0, 4096).write('7f454c46020101', 'hex');
  const table = size - MIB;
  const wide = (value: number, at: number) => file.writeBigUInt64LE(BigInt(value), at);
  wide(64, 32);
  wide(table, 40);
  for (const [at, value] of [
    [54, 56],
    [56, segments.length],
    [58, 64],
    [60, sections.length + 1],
    [62, sections.length],
  ] as const)
    file.writeUInt16LE(value, at);
  for (const [index, { type = 1, flags = 4, start, size: length }] of segments.entries()) {
    const at = 64 + index * 56;
    file.writeUInt32LE(type, at);
    file.writeUInt32LE(flags, at + 4);
    wide(start, at + 8);
    wide(length, at + 32);
  }
  const names = Buffer.from(`${sections.map(({ name }) => name).join('\0')}\0`);
  const all = [...sections, { name: '', start: table - names.length, content: names }];
  let name = 0;
  for (const [index, section] of all.entries()) {
    section.content.copy(file, section.start);
    const at = table + index * 64;
    file.fill(0, at, at + 64).writeUInt32LE(name, at);
    wide(section.start, at + 24);
    wide(section.content.length, at + 32);
    name += section.name.length + 1;
  }
  return file;
}

function read(program: Buffer, chunk = MIB): Readonly<Record<string, unknown>> {
  const condenser = EXECUTABLE.open(program.subarray(0, 16), program.length) ?? assert.fail();
  for (let at = 0; at < program.length; at += chunk) condenser.write(program.subarray(at, at + chunk));
  return JSON.parse(Buffer.from(condenser.end() ?? '{}').toString()) as Readonly<Record<string, unknown>>;
}

const CODE: Segment = { flags: 5, start: MIB, size: 60 * MIB };
const HEAP: Segment = { start: 61 * MIB, size: 80 * MIB };
const DATA: Segment = { start: 4096, size: MIB - 4096 };

test('of a program of any size, crates and package notes are found where linkers put them', () => {
  const program = makeProgram({
    size: 170 * MIB,
    segments: [DATA, CODE, HEAP],
    sections: [
      { name: '.note.package', start: 8192, content: packageNote(NOTE) },
      { name: '.dep-v0', start: 142 * MIB, content: crates(LIST) },
    ],
  });
  for (const chunk of [MIB, 999_999]) {
    const { rust, note, unread } = read(program, chunk);
    assert.deepEqual({ rust, note, unread }, { rust: LIST, note: NOTE, unread: undefined });
  }
});

test('what stands in a part that is not held is no fact, and is said to be unread', () => {
  const program = makeProgram({
    size: 170 * MIB,
    segments: [DATA, CODE, HEAP],
    sections: [{ name: '.dep-v0', start: 120 * MIB, content: crates(LIST) }],
  });
  const { rust, unread } = read(program);
  assert.equal(rust, undefined);
  assert.equal(unread, 'of a program of 178 MB, what is in memory lacks what tells of: rust');
  const symbols = { name: '.dynstr', start: 8192, content: Buffer.from('\0sbom_length\0') };
  assert.match(String(read(makeProgram({ size: 170 * MIB, segments: [DATA], sections: [symbols] })).unread), /graalvm/);
});

test('of a large program neither instructions nor what is large besides are held', () => {
  const program = makeProgram({ size: 170 * MIB, segments: [DATA, CODE, HEAP], sections: [] });
  const held = new HeldProgram(program.length);
  for (let at = 0; at < program.length; at += MIB) held.write(program.subarray(at, at + MIB));
  const { content } = held;
  const heldMebibytes = [...Array(170).keys()].filter((at) => content[at * MIB + 5000] !== 0).length;
  assert.ok(heldMebibytes < 70, String(heldMebibytes));
  assert.equal(held.isHeld(content.subarray(5000, 6000)), true);
  assert.equal(held.isHeld(content.subarray(MIB - 10, MIB + 10)), false);
  assert.equal(held.isHeld(content.subarray(100 * MIB, 100 * MIB + 1)), false);
  held.release();
  assert.equal(held.content.length, 0);
});

test('of a program whose table of sections claims to be all of it, no more is held than of others', () => {
  const program = makeProgram({ size: 170 * MIB, segments: [DATA], sections: [] });
  program.writeBigUInt64LE(4096n, 40);
  program.writeUInt32LE(0xffffffff, 58);
  const held = new HeldProgram(program.length);
  for (let at = 0; at < program.length; at += MIB) held.write(program.subarray(at, at + MIB));
  assert.equal(held.isHeld(held.content.subarray(4096, 8 * MIB)), true);
  assert.equal(held.isHeld(held.content.subarray(100 * MIB, 100 * MIB + 1)), false);
});

test('a list of .NET is held from where it is seen, wherever chunks end', () => {
  const text = '{\n  "runtimeTarget": {\n    "name": ".NETCoreApp,Version=v8.0"\n  }\n}';
  const program = makeProgram({ size: 100 * MIB, segments: [DATA, { ...CODE, size: 20 * MIB }], sections: [] });
  const at = 50 * MIB;
  program.write(text, at);
  for (const cut of [-200, -3, 0, 2, 5, 9, 18, 40]) {
    const held = new HeldProgram(program.length);
    let from = 0;
    for (const to of [5000, at + cut, at + cut + 7, at + 9 * MIB, program.length]) {
      held.write(program.subarray(from, to));
      from = to;
    }
    const found = held.content.subarray(at, at + text.length);
    assert.equal(found.toString(), text, String(cut));
    assert.equal(held.isHeld(found), true);
  }
});
