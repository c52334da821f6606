/** Reads the version of the standard operators from the bytes of a model file, without reading the rest. Pure. */

const OPSET_IMPORT = 8;
const DOMAIN = 1;
const VERSION = 2;
const standard = ['', 'ai.onnx'];

interface Field {
  number: number;
  /** Of a varint, and the length of bytes. */
  value: number;
  /** Where its content begins and ends; both where it ends for a varint. */
  from: number;
  to: number;
}

class NotAModel extends Error {}

function varint(bytes: Uint8Array, start: number): { value: number; at: number } {
  let value = 0;
  for (let at = start, scale = 1; at < bytes.length && at < start + 10; at += 1, scale *= 128) {
    const byte = bytes[at] as number;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value, at: at + 1 };
  }
  throw new NotAModel();
}

function* fields(bytes: Uint8Array, start: number, end: number): Generator<Field> {
  let at = start;
  while (at < end) {
    const key = varint(bytes, at);
    const number = Math.floor(key.value / 8);
    const { value, at: from } = varint(bytes, key.at);
    const kind = key.value % 8;
    if (kind !== 0 && kind !== 2) throw new NotAModel();
    const to = kind === 2 ? from + value : from;
    if (to > end) throw new NotAModel();
    yield { number, value, from, to };
    at = to;
  }
}

/** null if it is not a model file, or uses no standard operators. */
export function opsetOf(bytes: Uint8Array): number | null {
  try {
    for (const one of fields(bytes, 0, bytes.length)) {
      if (one.number !== OPSET_IMPORT) continue;
      let domain = '';
      let version = 0;
      for (const { number, value, from, to } of fields(bytes, one.from, one.to)) {
        if (number === DOMAIN) domain = new TextDecoder().decode(bytes.subarray(from, to));
        else if (number === VERSION) version = value;
      }
      if (standard.includes(domain)) return version;
    }
    return null;
  } catch (error) {
    if (error instanceof NotAModel) return null;
    throw error;
  }
}
