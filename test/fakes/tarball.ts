import { gzipSync } from 'node:zlib';

/** One file of an archive. `type` is tar's: `0` a file, `2` a link, `5` a folder. */
export interface ArchiveEntry {
  name: string;
  content?: string;
  type?: string;
}

/** A gzipped ustar archive, made as npm makes its packages. */
export function createTarball(entries: readonly ArchiveEntry[]): Buffer {
  const blocks = entries.flatMap(({ name, content = '', type = '0' }) => {
    const data = Buffer.from(content);
    const padding = Buffer.alloc((512 - (data.length % 512)) % 512);
    return [createHeader(name, data.length, type), data, padding];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

function createHeader(name: string, size: number, type: string): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0, 100);
  header.write('0000755\0', 100);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write(type, 156);
  header.write('ustar\0', 257);
  return header;
}
