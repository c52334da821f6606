/** The format of a picture by its first bytes. Pure. */

export type PictureFormat = 'jpeg' | 'png' | 'gif' | 'webp' | 'tiff' | 'avif';

/** Formats by name that are known and not read: SVG is a program, the others have no decoder here. */
export type ForeignFormat = 'SVG' | 'HEIC' | 'BMP' | 'JPEG XL' | 'JPEG 2000' | 'PDF' | 'Photoshop' | 'Icon';

export type FoundFormat = { read: PictureFormat } | { foreign: ForeignFormat } | null;

/** How far into a text an <svg> is searched for. */
const SVG_WITHIN = 4096;

/** null for what is no picture. */
export function formatOf(bytes: Uint8Array): FoundFormat {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, SVG_WITHIN));
  const begins = (text: string, at = 0) => head.toString('latin1', at, at + text.length) === text;
  if (begins('\xff\xd8\xff')) return { read: 'jpeg' };
  if (begins('\x89PNG\r\n\x1a\n')) return { read: 'png' };
  if (begins('GIF87a') || begins('GIF89a')) return { read: 'gif' };
  if (begins('RIFF') && begins('WEBP', 8)) return { read: 'webp' };
  if (begins('II*\0') || begins('MM\0*')) return { read: 'tiff' };
  if (begins('ftyp', 4)) return boxFormat(head);
  if (begins('BM')) return { foreign: 'BMP' };
  if (begins('\xff\x0a') || begins('\0\0\0\x0cJXL ')) return { foreign: 'JPEG XL' };
  if (begins('\0\0\0\x0cjP  ')) return { foreign: 'JPEG 2000' };
  if (begins('%PDF')) return { foreign: 'PDF' };
  if (begins('8BPS')) return { foreign: 'Photoshop' };
  if (begins('\0\0\x01\0')) return { foreign: 'Icon' };
  if (/^(\xef\xbb\xbf)?\s*</.test(head.toString('latin1')) && /<svg[\s>]/i.test(head.toString('latin1')))
    return { foreign: 'SVG' };
  return null;
}

/** HEIF is a family: only its AV1 member can be decoded. The brands are the main one, a version, then the compatible ones. */
function boxFormat(head: Buffer): FoundFormat {
  const end = Math.min(head.length, Math.max(16, head.readUInt32BE(0)));
  const brands: string[] = [];
  for (let at = 8; at + 4 <= end; at += 4) if (at !== 12) brands.push(head.toString('latin1', at, at + 4));
  if (brands.some((brand) => brand === 'avif' || brand === 'avis')) return { read: 'avif' };
  if (brands.some((brand) => /^(hei[cxms]|hev[cx]|mif1|msf1)$/.test(brand))) return { foreign: 'HEIC' };
  return null;
}
