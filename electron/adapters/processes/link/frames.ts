/** Messages over a socket: the length of each, then its structured clone. Only for an end that has proved itself. */
import type { Socket } from 'node:net';
import { deserialize, serialize } from 'node:v8';

/** Far more than a table of a thousand machines. */
const MAX_BYTES = 256 * 1024 ** 2;
const LENGTH_BYTES = 4;

/** Does nothing if the socket is closed. */
export function writeFrame(socket: Socket, message: unknown): void {
  if (!socket.writable) return;
  const body = serialize(message);
  const head = Buffer.allocUnsafe(LENGTH_BYTES);
  head.writeUInt32BE(body.length);
  socket.write(head);
  socket.write(body);
}

/** Reads until the socket is closed. A frame that cannot be read closes it. */
export function readFrames(socket: Socket, onMessage: (message: unknown) => void): void {
  let chunks: Buffer[] = [];
  let size = 0;
  let needed = LENGTH_BYTES;
  let isHead = true;

  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    while (size >= needed) {
      const all = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, size);
      const part = all.subarray(0, needed);
      const rest = all.subarray(needed);
      chunks = rest.length > 0 ? [rest] : [];
      size = rest.length;
      if (isHead) {
        needed = part.readUInt32BE();
        isHead = false;
        if (needed > MAX_BYTES) return void socket.destroy();
        continue;
      }
      needed = LENGTH_BYTES;
      isHead = true;
      let message: unknown;
      try {
        message = deserialize(part);
      } catch {
        return void socket.destroy();
      }
      onMessage(message);
    }
  });
  socket.resume();
}
