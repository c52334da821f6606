import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accepts } from '../../../../electron/adapters/network/port-check.ts';

let server: Server;
let open: number;
let closed: number;
const connections = { now: 0 };
const { signal } = new AbortController();

beforeAll(async () => {
  server = createServer((socket) => {
    connections.now += 1;
    socket
      .on('error', () => {})
      .on('close', () => {
        connections.now -= 1;
        server.emit('left');
      });
    socket.resume();
  });
  const listen = async (one: Server) => {
    one.listen(0, '127.0.0.1');
    await once(one, 'listening');
    const address = one.address();
    return typeof address === 'object' && address ? address.port : 0;
  };
  open = await listen(server);
  const other = createServer();
  closed = await listen(other);
  other.close();
  await once(other, 'close');
});
afterAll(() => void server.close());

describe('a look at a port', () => {
  it('tells one that accepts from one that refuses, and leaves no connection', async () => {
    const left = once(server, 'left');
    expect(await accepts('127.0.0.1', open, 5000, signal)).toBe(true);
    await left;
    expect(connections.now).toBe(0);
    expect(await accepts('127.0.0.1', closed, 5000, signal)).toBe(false);
  });

  it('ends with the person who wanted it', async () => {
    const controller = new AbortController();
    const look = accepts('127.0.0.1', open, 5000, controller.signal);
    controller.abort(new Error('enough'));
    await expect(look).rejects.toThrow('enough');
    await expect(accepts('127.0.0.1', open, 5000, controller.signal)).rejects.toThrow('enough');
  });
});
