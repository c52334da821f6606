/** A program that has taken the port of another one: it records every byte, and answers as the test says. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

/** null answers nothing and keeps the connection open. */
export type Answer = (request: string) => string | null;

export const httpAnswer = (body: unknown, status = '200 OK'): string => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
};

export async function startRecorder(port: number, answer: Answer, host = '127.0.0.1') {
  const sockets = new Set<Socket>();
  let heard = '';
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.setEncoding('utf8').on('data', (text: string) => {
      heard += text;
      const reply = answer(text);
      if (reply !== null) socket.write(reply);
    });
  });
  server.listen(port, host);
  await once(server, 'listening');
  return {
    /** Everything that was sent to it. */
    heard: () => heard,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
