/** A webhook gets English, not codes: scripts print it. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { createNodeHttp } from '../../../electron/adapters/network/http.ts';
import { postWebhook } from '../../../electron/core/activity/webhook.ts';
import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import { fact } from '../../../shared/models/message.ts';

const bodies: unknown[] = [];
let status = 204;
const server = createServer(async (request, response) => {
  bodies.push(JSON.parse(await text(request)));
  response.writeHead(status).end();
});
const http = createNodeHttp();

afterEach(() => {
  http.close();
  server.close();
});

test('its texts are sentences beside the fields of its event, and a refusal is recorded', async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const recorded: NewActivityEntry[] = [];
  const activity = { record: (entry: NewActivityEntry) => void recorded.push(entry) };
  const message = { event: 'did-not-wake', node: { id: 'n', name: 'tower' }, at: '2026-11-21T09:00:00Z' };
  const texts = {
    message: fact('NODE_DID_NOT_WAKE', { node: 'tower' }),
    why: fact('NODE_NOT_UP_WITHIN', { node: 'tower', ms: 60_000 }),
  };
  const post = () =>
    postWebhook({ http, activity, kind: 'power' }, url, message, new AbortController().signal, texts);

  await post();
  expect(bodies).toEqual([
    { ...message, message: 'tower did not wake.', why: 'tower did not come up within 1 min.' },
  ]);
  expect(recorded).toEqual([]);

  status = 500;
  await post();
  expect(recorded).toMatchObject([
    { message: fact('WEBHOOK_FAILED'), why: fact('WEBHOOK_STATUS', { status: 500 }), nodeId: 'n' },
  ]);
});
