/**
 * The least that a proxy of node:http and undici costs: it reads the whole body, parses it for the model, sends it on
 * and streams the answer back. It shows how much of the gateway's own time is the engine's. Prints its port; ends with
 * its input.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';

const pool = new Pool(`http://127.0.0.1:${process.argv[2]}`, {
  connections: 512,
  headersTimeout: 0,
  bodyTimeout: 0,
});

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    const body = Buffer.concat(parts);
    JSON.parse(body.toString('utf8'));
    let stop: (() => void) | null = null;
    response.on('close', () => {
      if (!response.writableFinished) stop?.();
    });
    pool.dispatch(
      {
        path: request.url ?? '/',
        method: 'POST',
        headers: { host: 'localhost:11434', 'content-type': 'application/json' },
        body,
      },
      {
        onRequestStart: (controller) => {
          stop = () => controller.abort(new Error('gone'));
        },
        onResponseStart(controller, status, headers) {
          const { connection: _, 'transfer-encoding': __, ...kept } = headers as Record<string, string>;
          response.writeHead(status, kept);
          response.on('drain', () => controller.resume());
        },
        onResponseData(controller, chunk) {
          if (!response.write(chunk)) controller.pause();
        },
        onResponseEnd: () => void response.end(),
        onResponseError: () => void response.destroy(),
      },
    );
  });
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, () => {
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`);
});
process.stdin.resume().on('end', () => process.exit(0));
