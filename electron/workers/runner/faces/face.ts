/** What a detector finds. Lengths are pixels of the upright picture. */

export interface Point {
  x: number;
  y: number;
}

export interface Box {
  x1: number;
  y1: number;
  x2: number;
  y2: number;
}

export interface Face {
  /** As the model says it: it may reach beyond the picture. */
  box: Box;
  /** 0 to 1. */
  score: number;
  /**
   * Eye on the left of the picture, eye on the right, tip of the nose, corner of the mouth on the left, on the right.
   * null where the detector finds none.
   */
  landmarks: readonly Point[] | null;
}
