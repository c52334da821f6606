/** Makes the EXIF part of a picture. */

/** Texts, 16-bit numbers, and pairs of numerators and denominators, by tag. */
type Fields = Readonly<Record<number, string | number | readonly number[]>>;

export function makeExif(
  { main, camera, position }: { main: Fields; camera: Fields; position: Fields },
  order: 'II' | 'MM',
): Buffer {
  const isLittle = order === 'II';
  const out = Buffer.alloc(4096);
  const write16 = (value: number, at: number) =>
    isLittle ? out.writeUInt16LE(value, at) : out.writeUInt16BE(value, at);
  const write32 = (value: number, at: number) =>
    isLittle ? out.writeUInt32LE(value, at) : out.writeUInt32BE(value, at);
  out.write(order, 0);
  write16(42, 2);
  write32(8, 4);
  let end = 8;

  function directory(fields: Fields, links: Readonly<Record<number, number>> = {}): Record<number, number> {
    const entries = [...Object.entries(fields), ...Object.keys(links).map((tag) => [tag, 'link'] as const)];
    const start = end;
    end += 2 + entries.length * 12 + 4;
    write16(entries.length, start);
    const places: Record<number, number> = {};
    for (const [index, [tag, value]] of entries.entries()) {
      const at = start + 2 + index * 12;
      write16(Number(tag), at);
      if (Number(tag) in links) {
        write16(4, at + 2);
        write32(1, at + 4);
        places[Number(tag)] = at + 8;
      } else if (typeof value === 'string') {
        const text = Buffer.from(`${value}\0`);
        write16(2, at + 2);
        write32(text.length, at + 4);
        if (text.length <= 4) text.copy(out, at + 8);
        else {
          write32(end, at + 8);
          text.copy(out, end);
          end += text.length;
        }
      } else if (typeof value === 'number') {
        write16(3, at + 2);
        write32(1, at + 4);
        write16(value, at + 8);
      } else {
        const numbers = value as readonly number[];
        write16(5, at + 2);
        write32(numbers.length / 2, at + 4);
        write32(end, at + 8);
        for (const number of numbers) {
          write32(number, end);
          end += 4;
        }
      }
    }
    return places;
  }

  const links = directory(main, { 34665: 0, 34853: 0 });
  for (const [tag, fields] of [
    [34_665, camera],
    [34_853, position],
  ] as const) {
    write32(end, links[tag] ?? 0);
    directory(fields);
  }
  return out.subarray(0, end);
}
