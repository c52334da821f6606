import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutPieces, type Piece, SAMPLE_RATE, wavOf } from '../../../../electron/workers/media/pieces.ts';

/** Samples with a tone, and silence at these places. */
function samples(
  seconds: number,
  silentAt: readonly (readonly [number, number])[] = [],
  loud = 8000,
): Buffer {
  const pcm = Buffer.alloc(Math.round(seconds * SAMPLE_RATE) * 2);
  for (let at = 0; at * 2 < pcm.length; at += 1) {
    const now = at / SAMPLE_RATE;
    const isSilent = silentAt.some(([from, to]) => now >= from && now < to);
    pcm.writeInt16LE(isSilent ? 0 : Math.round(loud * Math.sin(now * 2764)), at * 2);
  }
  return pcm;
}

async function* inParts(pcm: Buffer, size: number) {
  for (let at = 0; at < pcm.length; at += size) yield pcm.subarray(at, at + size);
}

async function cut(pcm: Buffer, wanted = 10, size = 4096): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for await (const piece of cutPieces(inParts(pcm, size), () => wanted)) pieces.push(piece);
  return pieces;
}

/** What a server would hear of them, without what is repeated. */
const withoutOverlap = (pieces: readonly Piece[]) =>
  Buffer.concat(
    pieces.map(({ pcm, overlapSeconds }) => pcm.subarray(Math.round(overlapSeconds * SAMPLE_RATE) * 2)),
  );

describe('a recording in pieces', () => {
  it('is cut in the middle of a pause, and nothing is repeated there', async () => {
    const pieces = await cut(samples(18, [[8.5, 9.5]]));
    expect(pieces.map(({ startSeconds, overlapSeconds }) => [startSeconds, overlapSeconds])).toEqual([
      [0, 0],
      [expect.closeTo(9.4, 1), 0],
    ]);
    expect(pieces[1]?.startSeconds).toBeGreaterThan(8.5);
    expect(pieces[1]?.startSeconds).toBeLessThan(9.5);
  });

  it('repeats two seconds where there is no pause', async () => {
    const pieces = await cut(samples(18));
    expect(pieces[1]?.overlapSeconds).toBe(2);
    const [first, second] = pieces;
    expect((first?.startSeconds ?? 0) + (first?.seconds ?? 0) - 2).toBeCloseTo(second?.startSeconds ?? 0, 6);
  });

  it('loses and doubles nothing, whatever its length, its pauses and the size of the parts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0.01, max: 7, noNaN: true }),
        fc.array(fc.double({ min: 0, max: 6, noNaN: true }), { maxLength: 3 }),
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 1, max: 3 }),
        async (seconds, pauses, size, wanted) => {
          const pcm = samples(
            seconds,
            pauses.map((at) => [at, at + 0.4] as const),
          );
          const pieces = await cut(pcm, wanted, Math.max(97, size));
          expect(withoutOverlap(pieces).equals(pcm)).toBe(true);
          for (const piece of pieces) expect(piece.seconds).toBeLessThanOrEqual(wanted);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('asks how long the next one should be when it begins', async () => {
    const lengths = [1, 3, 3];
    const seconds: number[] = [];
    const wanted = () => lengths.shift() ?? 3;
    for await (const piece of cutPieces(inParts(samples(6), 5000), wanted)) seconds.push(piece.seconds);
    expect(seconds[0]).toBeLessThanOrEqual(1);
    expect(seconds[1]).toBeGreaterThan(2);
  });

  it.each([
    ['nothing at all', samples(3, [[0, 3]]), true],
    ['the noise of a microphone', samples(3, [], 20), true],
    ['a whisper', samples(3, [], 300), false],
    [
      'a word in silence',
      samples(3, [
        [0, 1],
        [1.2, 3],
      ]),
      false,
    ],
  ])('knows %s', async (_, pcm, isSilent) => {
    expect((await cut(pcm)).map((piece) => piece.isSilent)).toEqual([isSilent]);
  });

  it('leaves out half a sample, and a rest that only repeats', async () => {
    expect(await cut(Buffer.alloc(0))).toEqual([]);
    expect(await cut(Buffer.alloc(1))).toEqual([]);
    expect((await cut(Buffer.alloc(1001)))[0]?.pcm.length).toBe(1000);
    const pieces = await cut(samples(10), 10);
    expect(withoutOverlap(pieces)).toHaveLength(samples(10).length);
  });
});

it('makes a WAV file', () => {
  const [head, body] = wavOf(samples(1));
  expect(head.toString('latin1', 0, 4)).toBe('RIFF');
  expect(head.readUInt32LE(4)).toBe(36 + body.length);
  expect([head.readUInt16LE(22), head.readUInt32LE(24), head.readUInt32LE(28)]).toEqual([1, 16_000, 32_000]);
  expect(head.readUInt32LE(40)).toBe(32_000);
});
