/** Numbers of an ELF file, in its own width and order of bytes (System V ABI, "ELF Identification"). Beyond the end they throw RangeError. */
export interface ElfNumbers {
  readonly is64: boolean;
  readonly u16: (at: number) => number;
  readonly u32: (at: number) => number;
  /** As wide as an address. */
  readonly word: (at: number) => number;
}

export function numbersOfElf(content: Buffer): ElfNumbers {
  const is64 = content[4] === 2;
  const isLittle = content[5] === 1;
  const u16 = (at: number) => (isLittle ? content.readUInt16LE(at) : content.readUInt16BE(at));
  const u32 = (at: number) => (isLittle ? content.readUInt32LE(at) : content.readUInt32BE(at));
  const u64 = (at: number) => Number(isLittle ? content.readBigUInt64LE(at) : content.readBigUInt64BE(at));
  return { is64, u16, u32, word: is64 ? u64 : u32 };
}
