/**
 * From the bytes of a picture to its faces: decode, detect, align, judge, embed, cut out. It happens in the process that
 * runs the graphs, so that only the file and the faces cross to it and back.
 */
import { type Picture, releasePicture } from '../pictures/picture.ts';
import type { Pictures } from '../pictures/pictures.ts';
import { type Alignment, alignmentOf, warp } from './alignment.ts';
import type { AnalysedFace, AnalysedPicture, AnalyseOptions } from './analysed.ts';
import { cropRegion } from './crop.ts';
import type { FaceDetector } from './detector.ts';
import type { FaceEmbedder } from './embedder.ts';
import type { Face } from './face.ts';
import { qualityOf, qualityParts } from './quality.ts';

/** What it needs. */
export interface AnalysisParts {
  pictures: Pictures;
  detector: FaceDetector;
  embedder: FaceEmbedder;
}

/** @throws what decoding, detecting and embedding throw; the signal's reason */
export async function analyse(
  bytes: Uint8Array,
  parts: AnalysisParts,
  options: AnalyseOptions,
): Promise<AnalysedPicture> {
  const { signal, minScore, sizing } = options;
  const picture = await parts.pictures.decode(bytes, signal);
  const found = await parts.detector.detect(picture, {
    signal,
    ...(minScore === undefined ? {} : { minScore }),
    ...(sizing === undefined ? {} : { sizing }),
  });
  const ordered = [...found].sort((a, b) => a.box.x1 - b.box.x1 || a.box.y1 - b.box.y1);
  const faces = await Promise.all(ordered.map((face) => analyseFace(face, picture, parts, options)));
  const { width, height } = picture;
  releasePicture(picture);
  return { width, height, faces: faces.filter((face) => face !== null) };
}

async function analyseFace(
  face: Face,
  picture: Picture,
  { pictures, embedder }: AnalysisParts,
  { signal, embed, minQuality, cropMargin }: AnalyseOptions,
): Promise<AnalysedFace | null> {
  const { side } = embedder;
  const aligned = face.landmarks === null ? null : alignmentOf(face.landmarks, side);
  const planes = warp(picture, aligned ?? boxAlignment(face, side), side);
  const quality = qualityOf(qualityParts(face, picture, planes, side));
  if (quality < minQuality) return null;
  const region = cropMargin === null ? null : cropRegion(face.box, picture, cropMargin);
  const [embedding, crop] = await Promise.all([
    embed && aligned !== null ? embedder.embed(planes, signal) : null,
    region === null ? null : pictures.cutJpeg(picture, region, signal),
  ]);
  return { ...face, quality, embedding, crop };
}

/** For faces without landmarks: the box as it is. */
function boxAlignment({ box }: Face, side: number): Alignment {
  const across = side / Math.max(1, box.x2 - box.x1);
  const down = side / Math.max(1, box.y2 - box.y1);
  return { a: across, b: 0, c: -box.x1 * across, d: 0, e: down, f: -box.y1 * down };
}
