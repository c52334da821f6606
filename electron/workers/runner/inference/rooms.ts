/** Where the numbers of pictures are written, again and again: fresh memory costs more than the writing. */
export interface Rooms {
  /** One that has at least so many values. */
  take(values: number): Float32Array;
  /** For another run. Not after one that failed: onnxruntime may still hold it. */
  keep(room: Float32Array): void;
}

/** Larger ones are not kept: 12 MB. */
const MOST_VALUES = 3 * 1024 * 1024;

/** @param most how many are kept */
export function createRooms(most: number, make: (values: number) => Float32Array): Rooms {
  const kept: Float32Array[] = [];
  return {
    take(values) {
      const at = kept.findIndex(({ length }) => length >= values);
      const [room] = kept.splice(at, at < 0 ? 0 : 1);
      return room ?? make(values);
    },
    keep(room) {
      if (kept.length < most && room.length <= MOST_VALUES) kept.push(room);
    },
  };
}
