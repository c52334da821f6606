/** Cuts a recording, as it is decoded, into pieces for a speech server: where it is quiet, so that no word is cut. */

/** Samples of 16 bits, one channel. */
export const SAMPLE_RATE = 16_000;
const BYTES_PER_SECOND = SAMPLE_RATE * 2;

export interface Piece {
  /** Where it begins in the recording. */
  startSeconds: number;
  seconds: number;
  /** What it repeats of the end of the one before, because that was not quiet. */
  overlapSeconds: number;
  /** Little-endian samples. */
  pcm: Buffer;
  /** There is nothing in it that could be speech. */
  isSilent: boolean;
}

/** The end of a piece in which a quiet place is looked for, seconds at most and as a share. */
const SEARCH_SECONDS = 15;
const SEARCH_SHARE = 0.25;
const WINDOW = SAMPLE_RATE / 5;
const STEP = SAMPLE_RATE / 50;
const OVERLAP_SECONDS = 2;
/** Root mean square of a window: -45 dBFS between words, and -60 dBFS where nothing is. */
const QUIET = 184;
const SILENT = 33;

/**
 * @param chunks samples, in parts of any size
 * @param wanted how long the next piece should be, seconds; asked when it begins
 */
export async function* cutPieces(
  chunks: AsyncIterable<Buffer>,
  wanted: () => number,
): AsyncGenerator<Piece, void> {
  let waiting: Buffer[] = [];
  let bytes = 0;
  let startSeconds = 0;
  let overlapSeconds = 0;
  let target = Math.round(wanted() * SAMPLE_RATE) * 2;

  const piece = (pcm: Buffer): Piece => ({
    startSeconds,
    seconds: pcm.length / BYTES_PER_SECOND,
    overlapSeconds,
    pcm,
    isSilent: isSilent(pcm),
  });

  for await (const chunk of chunks) {
    waiting.push(chunk);
    bytes += chunk.length;
    while (bytes >= target) {
      const all = Buffer.concat(waiting);
      const { at, isQuiet } = quietPlace(all.subarray(0, target));
      const made = piece(Buffer.from(all.subarray(0, at)));
      overlapSeconds = isQuiet ? 0 : Math.min(OVERLAP_SECONDS, made.seconds / 4);
      const next = at - Math.round(overlapSeconds * SAMPLE_RATE) * 2;
      waiting = [Buffer.from(all.subarray(next))];
      bytes = all.length - next;
      const nextStart = startSeconds + next / BYTES_PER_SECOND;
      yield made;
      startSeconds = nextStart;
      target = Math.round(wanted() * SAMPLE_RATE) * 2;
    }
  }
  // Half a sample at the end is none.
  const rest = Buffer.concat(waiting);
  const whole = rest.subarray(0, rest.length - (rest.length % 2));
  if (whole.length / BYTES_PER_SECOND > overlapSeconds) yield piece(whole);
}

/** The middle of the quietest window near the end, bytes. */
function quietPlace(pcm: Buffer): { at: number; isQuiet: boolean } {
  const samples = pcm.length / 2;
  const search = Math.min(SEARCH_SECONDS * SAMPLE_RATE, Math.floor(samples * SEARCH_SHARE));
  let best = { at: samples, energy: Number.POSITIVE_INFINITY };
  for (let from = samples - search; from + WINDOW <= samples; from += STEP) {
    const energy = energyOf(pcm, from, WINDOW);
    // Of equally quiet ones the last, so that pieces are as long as wanted.
    if (energy <= best.energy) best = { at: from + WINDOW / 2, energy };
  }
  return { at: Math.floor(best.at) * 2, isQuiet: best.energy <= QUIET ** 2 };
}

function isSilent(pcm: Buffer): boolean {
  const samples = pcm.length / 2;
  const window = SAMPLE_RATE / 10;
  for (let from = 0; from < samples; from += window) {
    if (energyOf(pcm, from, Math.min(window, samples - from)) > SILENT ** 2) return false;
  }
  return true;
}

/** Mean square. */
function energyOf(pcm: Buffer, from: number, count: number): number {
  let sum = 0;
  for (let index = from; index < from + count; index += 1) {
    const value = pcm.readInt16LE(index * 2);
    sum += value * value;
  }
  return count === 0 ? 0 : sum / count;
}

/** A WAV file of these samples, in two parts. @param rate of samples a second */
export function wavOf(pcm: Buffer, rate: number = SAMPLE_RATE): [Buffer, Buffer] {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + pcm.length, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(pcm.length, 40);
  return [head, pcm];
}
