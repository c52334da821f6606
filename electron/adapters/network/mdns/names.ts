/** Names, as bytes and as text. In text, a dot or a backslash inside a label is escaped with a backslash. */
import { HEADER_BYTES } from './message.ts';

const MAX_NAME_BYTES = 255;
const MAX_LABEL_BYTES = 63;
/** No valid name has more labels. */
const MAX_JUMPS = 127;

/** Throws RangeError for an invalid name. */
export function encodeName(name: string): Buffer {
  const labels = splitName(name);
  const bytes = Buffer.concat([...labels.map((label) => counted(label, MAX_LABEL_BYTES)), Buffer.from([0])]);
  if (labels.includes('') || bytes.length > MAX_NAME_BYTES) throw new RangeError(`Not a valid name: ${name}`);
  return bytes;
}

export function splitName(name: string): string[] {
  const labels: string[] = [];
  let label = '';
  for (let index = 0; index < name.length; index += 1) {
    const letter = name[index] ?? '';
    if (letter === '.') {
      labels.push(label);
      label = '';
    } else if (letter === '\\') {
      index += 1;
      label += name[index] ?? '';
    } else label += letter;
  }
  // A trailing dot is the root, which every name has.
  if (label !== '' || labels.length === 0) labels.push(label);
  return labels;
}

/** The text of one label, for use inside a name. */
export function escapeLabel(label: string): string {
  return label.replaceAll(/[.\\]/g, '\\$&');
}

/** The length, then the text. Throws RangeError if it is longer than `most` bytes. */
export function counted(text: string, most: number): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length > most) throw new RangeError(`Longer than ${most} bytes: ${text}`);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/**
 * Reads a name. It may continue at an earlier position, which must be before all positions read so far, so that it
 * ends. null for an invalid name.
 */
export function readName(view: Buffer, start: number): { text: string; next: number } | null {
  const labels: string[] = [];
  let at = start;
  let next: number | null = null;
  let lowest = start;
  let size = 1;
  let jumps = 0;
  for (;;) {
    const length = view[at];
    if (length === undefined) return null;
    if (length === 0) return { text: labels.join('.'), next: next ?? at + 1 };
    if (length >= 0xc0) {
      const low = view[at + 1];
      if (low === undefined) return null;
      const target = (length & 0x3f) * 256 + low;
      next ??= at + 2;
      jumps += 1;
      if (target >= lowest || target < HEADER_BYTES || jumps > MAX_JUMPS) return null;
      lowest = target;
      at = target;
      continue;
    }
    const end = at + 1 + length;
    size += 1 + length;
    if (length > MAX_LABEL_BYTES || end > view.length || size > MAX_NAME_BYTES) return null;
    labels.push(escapeLabel(view.toString('utf8', at + 1, end)));
    at = end;
  }
}
