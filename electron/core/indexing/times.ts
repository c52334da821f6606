/** Where the seconds of a recording are in the part of its text that is shown. Pure. */
import type { FilePlace } from '../../../shared/models/places.ts';

export interface TextTime {
  /** Where its text begins, in UTF-16 units of the part. */
  at: number;
  /** From the beginning of the recording. */
  seconds: number;
}

/**
 * @param text a part of a file in UTF-8, as it is in the file
 * @param startByte where the part begins in the file
 */
export function timesIn(
  places: readonly FilePlace[],
  { text, startByte }: { text: string; startByte: number },
): TextTime[] {
  const times: TextTime[] = [];
  let at = 0;
  let byte = startByte;
  for (const { kind, number, startByte: wanted } of places) {
    if (kind !== 'time' || wanted < startByte) continue;
    while (byte < wanted && at < text.length) {
      const code = text.codePointAt(at) ?? 0;
      byte += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
      at += code > 0xffff ? 2 : 1;
    }
    if (at >= text.length) break;
    times.push({ at, seconds: number });
  }
  return times;
}
