import { describe, expect, it } from 'vitest';
import { analyse } from '../../../../../electron/workers/runner/faces/analysis.ts';
import type { FaceDetector } from '../../../../../electron/workers/runner/faces/detector.ts';
import type { FaceEmbedder } from '../../../../../electron/workers/runner/faces/embedder.ts';
import { type Picture, releasePicture } from '../../../../../electron/workers/runner/pictures/picture.ts';
import type { Pictures } from '../../../../../electron/workers/runner/pictures/pictures.ts';

const { signal } = new AbortController();

function world(detect: FaceDetector['detect']) {
  const picture: Picture = { width: 4, height: 2, rgb: new Uint8Array(24).fill(7) };
  const parts = {
    pictures: { decode: async () => picture } as unknown as Pictures,
    detector: { detect },
    embedder: { side: 112, embed: async () => new Float32Array([1]) } as FaceEmbedder,
  };
  const run = () =>
    analyse(new Uint8Array(1), parts, { signal, embed: true, minQuality: 0, cropMargin: null });
  return { picture, run };
}

describe('the memory of a picture', () => {
  it('is given back when its faces are known, and not before', async () => {
    let during = 0;
    const { picture, run } = world(async ({ rgb }) => {
      during = rgb.length;
      return [{ box: { x1: 0, y1: 0, x2: 4, y2: 2 }, score: 1, landmarks: null }];
    });
    await expect(run()).resolves.toMatchObject({ width: 4, height: 2, faces: [{ score: 1 }] });
    expect([during, picture.rgb.length]).toEqual([24, 0]);
    // Once more does no harm.
    expect(() => releasePicture(picture)).not.toThrow();
  });

  it('is left alone where something failed: a run may still read it', async () => {
    const { picture, run } = world(() => Promise.reject(new Error('no')));
    await expect(run()).rejects.toThrow('no');
    expect(picture.rgb).toHaveLength(24);
  });

  it('is left alone where it is a part of other memory', () => {
    const all = new Uint8Array(30);
    releasePicture({ width: 2, height: 1, rgb: all.subarray(3, 9) });
    expect(all).toHaveLength(30);
  });
});
