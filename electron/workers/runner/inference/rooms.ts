/** Memory that is used again and again: fresh memory costs more than what is written there. */
export interface Rooms<Room> {
  /** One that has at least so many bytes, or the largest. */
  take(bytes: number): Room;
  /** For another run. Not after one that failed: onnxruntime may still hold it. */
  keep(room: Room): void;
}

/** Larger ones are not kept. */
const MOST_BYTES = 16 * 1024 * 1024;

/** @param most how many are kept */
export function createRooms<Room>(
  most: number,
  { make, bytesOf }: { make(bytes: number): Room; bytesOf(room: Room): number },
): Rooms<Room> {
  const kept: Room[] = [];
  return {
    take(bytes) {
      const at = kept.findIndex((room) => bytesOf(room) >= bytes);
      const [room] = kept.splice(at, at < 0 ? 0 : 1);
      return room ?? make(bytes);
    },
    keep(room) {
      if (kept.length < most && bytesOf(room) <= MOST_BYTES) kept.push(room);
    },
  };
}
