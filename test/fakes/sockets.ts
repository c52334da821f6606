/** Connections of an attacker: plain sockets that say what a test wants, or nothing. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Held {
  socket: Socket;
  /** All that came. */
  text(): string;
  /** Resolves with all that came when the other side has ended it. */
  closed: Promise<string>;
}

/** Opens a connection from an address of this computer's own, 127.0.0.1 to 127.255.255.254, and writes `bytes`. */
export async function hold(
  port: number,
  { from = '127.0.0.1', bytes = '' as string | Buffer } = {},
): Promise<Held> {
  const socket = connect({ host: '127.0.0.1', port, localAddress: from });
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  socket.on('error', () => {});
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(text)));
  await once(socket, 'connect');
  if (bytes.length > 0) socket.write(bytes);
  return { socket, text: () => text, closed };
}

/** This many at once; `closed` shows which of them the other side did not keep open. */
export function holdMany(
  count: number,
  port: number,
  options: Parameters<typeof hold>[1] = {},
): Promise<Held[]> {
  return Promise.all(Array.from({ length: count }, () => hold(port, options)));
}

/** Waits until what came matches. */
export async function heard({ socket, text }: Pick<Held, 'socket' | 'text'>, pattern: RegExp): Promise<void> {
  while (!pattern.test(text())) await once(socket, 'data');
}
