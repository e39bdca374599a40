/** Files that tests of catalogers build. */

/** Tag, then texts (or numbers as INT32). */
type HeaderFields = Readonly<Record<number, string | readonly string[] | readonly number[]>>;

/** A header as rpm's databases hold it. */
export function rpmHeader(fields: HeaderFields): Buffer {
  const index: Buffer[] = [];
  let store = Buffer.alloc(0);
  for (const [tag, value] of Object.entries(fields)) {
    const values = typeof value === 'string' ? [value] : value;
    const isText = typeof values[0] === 'string';
    if (!isText) store = Buffer.concat([store, Buffer.alloc((4 - (store.length % 4)) % 4)]);
    const entry = Buffer.alloc(16);
    [Number(tag), isText ? 8 : 4, store.length, values.length].forEach((word, at) => entry.writeUInt32BE(word, 4 * at));
    index.push(entry);
    store = Buffer.concat([
      store,
      ...values.map((one) => (typeof one === 'string' ? Buffer.from(`${one}\0`) : u32(one))),
    ]);
  }
  return Buffer.concat([u32(index.length), u32(store.length), ...index, store]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** `Packages.db` with one package per header. */
export function ndbFile(headers: readonly Buffer[]): Buffer {
  const slots = Buffer.alloc(4096);
  slots.write('RpmP');
  slots.writeUInt32LE(1, 12);
  const blobs: Buffer[] = [];
  let at = slots.length;
  headers.forEach((header, number) => {
    const slot = 32 + 16 * number;
    slots.write('Slot', slot);
    slots.writeUInt32LE(number + 1, slot + 4);
    slots.writeUInt32LE(at / 16, slot + 8);
    const blob = Buffer.alloc(16 * Math.ceil((16 + header.length) / 16));
    blob.write('BlbS');
    blob.writeUInt32LE(number + 1, 4);
    blob.writeUInt32LE(header.length, 12);
    header.copy(blob, 16);
    blobs.push(blob);
    at += blob.length;
  });
  for (let slot = 32 + 16 * headers.length; slot < slots.length; slot += 16) slots.write('Slot', slot);
  return Buffer.concat([slots, ...blobs]);
}

/** `Packages` as a Berkeley DB hash: small headers in the page, large ones on pages of their own. */
export function bdbFile(headers: readonly Buffer[]): Buffer {
  const pageSize = 4096;
  const meta = Buffer.alloc(pageSize);
  const hash = Buffer.alloc(pageSize);
  const pages = [meta, hash];
  hash[25] = 13;
  hash.writeUInt16LE(2 * headers.length, 20);
  let end = pageSize;
  const place = (index: number, item: Buffer) => {
    end -= item.length;
    item.copy(hash, end);
    hash.writeUInt16LE(end, 26 + 2 * index);
  };
  headers.forEach((header, number) => {
    place(2 * number, Buffer.from([1, number + 1, 0, 0, 0]));
    if (header.length < 256) return place(2 * number + 1, Buffer.concat([Buffer.from([1]), header]));
    const item = Buffer.alloc(12);
    item[0] = 3;
    item.writeUInt32LE(pages.length, 4);
    item.writeUInt32LE(header.length, 8);
    place(2 * number + 1, item);
    for (let at = 0; at < header.length; at += pageSize - 26) {
      const page = Buffer.alloc(pageSize);
      const isLast = at + pageSize - 26 >= header.length;
      page[25] = 7;
      page.writeUInt32LE(isLast ? 0 : pages.length + 1, 16);
      page.writeUInt16LE(Math.min(header.length - at, pageSize - 26), 22);
      header.copy(page, 26, at);
      pages.push(page);
    }
  });
  meta.writeUInt32LE(0x00061561, 12);
  meta.writeUInt32LE(pageSize, 20);
  meta[25] = 8;
  meta.writeUInt32LE(pages.length - 1, 32);
  return Buffer.concat(pages);
}
