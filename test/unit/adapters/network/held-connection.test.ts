import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { holdConnection } from '../../../../electron/adapters/network/held-connection.ts';

async function listening(): Promise<{ server: Server; url: string; sockets: Socket[] } & AsyncDisposable> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    sockets.push(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    server,
    sockets,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}

const never = new AbortController().signal;

describe('a connection that is only held', () => {
  it.each<[string, (socket: Socket) => void]>([
    ['ends', (socket) => socket.end()],
    ['breaks', (socket) => socket.resetAndDestroy()],
    ['ends after it sent something', (socket) => socket.end('HTTP/1.1 408 Request Timeout\r\n\r\n')],
  ])('resolves when it %s', async (_, close) => {
    await using peer = await listening();
    const opened = Promise.withResolvers<void>();
    const accepted = once(peer.server, 'connection');
    const held = holdConnection(peer.url, never, opened.resolve);
    await Promise.all([opened.promise, accepted]);
    const [socket] = peer.sockets;
    if (socket) close(socket);
    await expect(held).resolves.toBeUndefined();
  });

  it('rejects when nothing listens', async () => {
    const peer = await listening();
    await peer[Symbol.asyncDispose]();
    await expect(holdConnection(peer.url, never)).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
      details: { reason: 'refused' },
    });
  });

  it('is closed by its signal', async () => {
    await using peer = await listening();
    const ending = new AbortController();
    const accepted = once(peer.server, 'connection');
    const held = holdConnection(peer.url, ending.signal, () => ending.abort(new Error('enough')));
    await expect(held).rejects.toThrow('enough');
    await accepted;
    await expect(holdConnection(peer.url, ending.signal)).rejects.toThrow('enough');
  });
});
