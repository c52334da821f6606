import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { faceRoutes } from '../../../../electron/transport/http/tasks/faces.ts';
import { type ErrorCode, errorCatalogue } from '../../../../shared/contract/errors.ts';
import { workerFacesPath } from '../../../../shared/contract/task-worker.ts';

let app: FastifyInstance;
let sent: ClientRequest[];
let began: () => void;
beforeEach(async () => {
  sent = [];
  began = () => {};
  app = fastify({ forceCloseConnections: true });
  const faces = {
    check(query: Record<string, string>) {
      began();
      return { task: query.task, worker: query.worker };
    },
    find: async () => ({ faces: [] }),
  };
  app.setErrorHandler((error: { code: ErrorCode }, _request, reply) =>
    reply.code(errorCatalogue[error.code].status).send({}),
  );
  faceRoutes(app, { service: { workers: { faces } }, stopping: new AbortController().signal } as never);
  await app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  for (const one of sent) one.destroy();
  await app.close();
});

/** Says that a picture follows, and does not send it. */
async function slow(task: string, worker: string): Promise<ClientRequest> {
  const { port } = app.server.address() as AddressInfo;
  const path = `${workerFacesPath}?${new URLSearchParams({ task, worker })}`;
  const headers = { 'content-type': 'application/octet-stream', 'content-length': 3 };
  const one = request({ host: '127.0.0.1', port, path, method: 'POST', headers });
  one.on('error', () => {});
  sent.push(one);
  const arrived = new Promise<void>((resolve) => {
    began = resolve;
  });
  one.flushHeaders();
  await arrived;
  return one;
}

async function whole(task: string, worker: string): Promise<number | undefined> {
  const one = await slow(task, worker);
  const answered = once(one, 'response');
  one.end('abc');
  const [response] = (await answered) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

describe('pictures of one task', () => {
  it('never keep those of others out, however slowly they come', async () => {
    const held = [await slow('t1', 'w1'), await slow('t1', 'w1')];
    for (let more = 0; more < 40; more += 1) expect(await whole('t1', 'w1')).toBe(503);
    expect(await whole('t2', 'w1')).toBe(200);
    expect(await whole('t1', 'w2')).toBe(200);
    for (const one of held) {
      const answered = once(one, 'response');
      one.end('abc');
      const [response] = (await answered) as [IncomingMessage];
      response.resume();
      await once(response, 'end');
      expect(response.statusCode).toBe(200);
    }
    // The server may hear last that its answers have arrived.
    let status: number | undefined = 503;
    for (let turn = 0; turn < 100 && status === 503; turn += 1) status = await whole('t1', 'w1');
    expect(status).toBe(200);
  });
});
