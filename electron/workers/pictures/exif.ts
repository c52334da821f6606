/** What a camera wrote into a picture (EXIF 2.32): in JPEG, PNG, WebP and TIFF. Pure; whatever is wrong, there is nothing. */

export interface Exif {
  /** As the camera wrote it, without a time zone: `2026-11-27 18:04:00`. */
  takenAt?: string;
  camera?: string;
  lens?: string;
  /** Seconds, f-number, ISO and millimetres. */
  exposureSeconds?: number;
  aperture?: number;
  iso?: number;
  focalLengthMm?: number;
  /** Degrees; negative for south and west. */
  latitude?: number;
  longitude?: number;
  description?: string;
}

const TYPE_BYTES: Readonly<Record<number, number>> = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 9: 4, 10: 8 };
const MOST_FIELDS = 1000;
const MOST_VALUES = 1000;
const LONGEST_TEXT = 300;

type Value = string | number[];
type Fields = Map<number, Value>;

export function readExif(bytes: Uint8Array): Exif {
  const tiff = tiffOf(bytes);
  if (tiff === null) return {};
  const read = createReader(tiff);
  if (read === null) return {};
  const main = read.directory(read.first);
  const camera = read.directory(numberOf(main.get(0x8769)) ?? 0);
  const position = read.directory(numberOf(main.get(0x8825)) ?? 0);
  const found = {
    takenAt: dateOf(textOf(camera.get(0x9003)) ?? textOf(main.get(0x0132))),
    camera: cameraOf(textOf(main.get(0x010f)), textOf(main.get(0x0110))),
    lens: textOf(camera.get(0xa434)),
    exposureSeconds: positive(camera.get(0x829a)),
    aperture: positive(camera.get(0x829d)),
    iso: positive(camera.get(0x8827)),
    focalLengthMm: positive(camera.get(0x920a)),
    latitude: degreesOf(position.get(2), textOf(position.get(1)), 'S', 90),
    longitude: degreesOf(position.get(4), textOf(position.get(3)), 'W', 180),
    description: textOf(main.get(0x010e)),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)) as Exif;
}

/** The part of the file that is laid out as a TIFF; null if there is none. */
function tiffOf(bytes: Uint8Array): Uint8Array | null {
  const view = viewOf(bytes);
  const mark = (at: number, text: string) =>
    at + text.length <= bytes.length &&
    [...text].every((letter, i) => bytes[at + i] === letter.charCodeAt(0));
  if (mark(0, 'II*\0') || mark(0, 'MM\0*')) return bytes;
  if (mark(0, '\xff\xd8')) {
    for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda; ) {
      const length = view.getUint16(at + 2);
      if (bytes[at + 1] === 0xe1 && mark(at + 4, 'Exif\0\0')) return bytes.subarray(at + 10, at + 2 + length);
      at += 2 + length;
    }
  } else if (mark(0, '\x89PNG\r\n\x1a\n')) {
    for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
      if (mark(at + 4, 'eXIf')) return bytes.subarray(at + 8, at + 8 + view.getUint32(at));
    }
  } else if (mark(0, 'RIFF') && mark(8, 'WEBP')) {
    for (let at = 12; at + 8 <= bytes.length; ) {
      const length = view.getUint32(at + 4, true);
      if (mark(at, 'EXIF')) {
        const start = mark(at + 8, 'Exif\0\0') ? at + 14 : at + 8;
        return bytes.subarray(start, at + 8 + length);
      }
      at += 8 + length + (length % 2);
    }
  }
  return null;
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array) =>
  new DataView(buffer, byteOffset, byteLength);

function createReader(tiff: Uint8Array) {
  if (tiff.length < 8) return null;
  const view = viewOf(tiff);
  const isLittle = view.getUint16(0) === 0x4949;
  if (view.getUint16(2, isLittle) !== 42) return null;

  function valueAt(type: number, count: number, at: number): Value {
    if (type === 2) {
      const text = new TextDecoder('utf-8').decode(tiff.subarray(at, at + Math.min(count, LONGEST_TEXT)));
      return text.replace(/\0.*$/s, '').replace(/\s+/g, ' ').trim();
    }
    const size = TYPE_BYTES[type] ?? 1;
    return Array.from({ length: Math.min(count, MOST_VALUES) }, (_, index) => {
      const place = at + index * size;
      if (type === 3) return view.getUint16(place, isLittle);
      if (type === 4) return view.getUint32(place, isLittle);
      if (type === 9) return view.getInt32(place, isLittle);
      if (type === 5) return view.getUint32(place, isLittle) / view.getUint32(place + 4, isLittle);
      if (type === 10) return view.getInt32(place, isLittle) / view.getInt32(place + 4, isLittle);
      return view.getUint8(place);
    });
  }

  return {
    first: view.getUint32(4, isLittle),
    directory(at: number): Fields {
      const fields: Fields = new Map();
      if (at < 8 || at + 2 > tiff.length) return fields;
      const count = Math.min(view.getUint16(at, isLittle), MOST_FIELDS);
      for (let index = 0; index < count; index += 1) {
        const entry = at + 2 + index * 12;
        if (entry + 12 > tiff.length) break;
        const type = view.getUint16(entry + 2, isLittle);
        const values = view.getUint32(entry + 4, isLittle);
        const size = (TYPE_BYTES[type] ?? Number.POSITIVE_INFINITY) * values;
        const place = size <= 4 ? entry + 8 : view.getUint32(entry + 8, isLittle);
        if (place + size > tiff.length) continue;
        fields.set(view.getUint16(entry, isLittle), valueAt(type, values, place));
      }
      return fields;
    },
  };
}

const textOf = (value: Value | undefined) => (typeof value === 'string' && value !== '' ? value : undefined);
const numberOf = (value: Value | undefined) => (Array.isArray(value) ? value[0] : undefined);

function positive(value: Value | undefined): number | undefined {
  const number = numberOf(value);
  return number !== undefined && Number.isFinite(number) && number > 0 ? number : undefined;
}

function dateOf(text: string | undefined): string | undefined {
  const [, year, month, day, time] = /^(\d{4}):(\d{2}):(\d{2}) (\d{2}:\d{2}:\d{2})/.exec(text ?? '') ?? [];
  // A camera whose clock was never set writes zeros.
  return year === undefined || year === '0000' ? undefined : `${year}-${month}-${day} ${time}`;
}

/** Most models repeat their maker. */
function cameraOf(maker: string | undefined, model: string | undefined): string | undefined {
  if (model === undefined || maker === undefined) return model ?? maker;
  return model.toLowerCase().startsWith(maker.split(' ')[0]?.toLowerCase() ?? '')
    ? model
    : `${maker} ${model}`;
}

function degreesOf(value: Value | undefined, side: string | undefined, negative: string, most: number) {
  if (!Array.isArray(value) || value.length < 1 || side === undefined) return undefined;
  const [degrees = 0, minutes = 0, seconds = 0] = value;
  const sum = degrees + minutes / 60 + seconds / 3600;
  if (!Number.isFinite(sum) || sum > most) return undefined;
  const rounded = Math.round(sum * 1e6) / 1e6;
  return side.toUpperCase() === negative ? -rounded : rounded;
}
