/** What is made of a picture, and how. */
import type { Face } from './face.ts';
import type { Sizing } from './sizing.ts';

export interface AnalyseOptions {
  signal: AbortSignal;
  /** Whether to make vectors. */
  embed: boolean;
  /** Faces below this quality are left out, before they are embedded. */
  minQuality: number;
  /** Share of the box that is added on each side of what is cut out; null to cut nothing out. */
  cropMargin: number | null;
  minScore?: number;
  sizing?: Sizing;
}

export interface AnalysedFace extends Face {
  quality: number;
  /** Of length 1. null if none was wanted, or the detector found no landmarks to align the face by. */
  embedding: Float32Array | null;
  /** JPEG. null if none was wanted, or the face lies outside the picture. */
  crop: Uint8Array | null;
}

export interface AnalysedPicture {
  /** Upright. */
  width: number;
  height: number;
  /** From left to right. */
  faces: AnalysedFace[];
}
