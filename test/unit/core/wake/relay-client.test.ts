import { describe, expect, it } from 'vitest';
import { askRelay, readRelayReply } from '../../../../electron/core/wake/relay-client.ts';
import { fact, type Message } from '../../../../shared/models/message.ts';
import { createFakeHttp } from '../../../fakes/http.ts';

const mac = '00:00:5E:00:53:01';
const read = (status: number, body: unknown, wanted: string | null = mac) =>
  readRelayReply({ status, text: typeof body === 'string' ? body : JSON.stringify(body) }, wanted);

describe('the answer of a relay', () => {
  it.each<[string, number, unknown]>([
    ['as existing ones say it', 200, { success: true, mac, message: 'Magic packet sent' }],
    ['in another notation', 200, { success: true, mac: '00-00-5e-00-53-01' }],
    ['without a MAC', 200, { success: true }],
    ['with nulls', 200, { success: true, mac: 'AA:BB:CC:DD:EE:F0', message: null, error: null }],
    ['with odd texts', 200, { success: true, mac: 7, message: { text: 'x' }, error: [] }],
    ['as ours says it', 200, { success: true, mac, message: 'Wake packet sent.', sent: [], failed: [] }],
  ])('woke it: %s', (_, status, body) => {
    const named = (body as { mac?: unknown }).mac;
    expect(read(status, body, typeof named === 'string' ? named : mac)).toBeNull();
  });

  it.each<[string, number, unknown, Message]>([
    [
      '200 and not done',
      200,
      { success: false, mac, message: 'Network is down.' },
      fact('RELAY_DID_NOT_SEND', { said: 'Network is down.' }),
    ],
    ['200 without a word', 200, {}, fact('RELAY_DID_NOT_SEND', { said: '' })],
    ['200 with a truthy text', 200, { success: 'yes' }, fact('RELAY_NO_JSON', { answer: 'other' })],
    ['HTML', 200, '<!doctype html><title>NAS</title>', fact('RELAY_NO_JSON', { answer: 'page' })],
    ['nothing', 200, '', fact('RELAY_NO_JSON', { answer: 'nothing' })],
    ['an array', 200, [], fact('RELAY_NO_JSON', { answer: 'other' })],
    ['half a JSON', 200, '{"success":tr', fact('RELAY_NO_JSON', { answer: 'other' })],
    [
      'another machine',
      200,
      { success: true, mac: '02:00:00:00:00:09' },
      fact('RELAY_WOKE_ANOTHER', { mac: '02:00:00:00:00:09' }),
    ],
    ['success with an error status', 500, { success: true }, fact('RELAY_STATUS', { status: 500, said: '' })],
    [
      'its own error',
      502,
      { success: false, message: 'No interface.' },
      fact('RELAY_STATUS', { status: 502, said: 'No interface.' }),
    ],
    [
      'a wrong token',
      401,
      { error: 'Unauthorized' },
      fact('RELAY_REFUSED', { status: 401, said: 'Unauthorized' }),
    ],
    [
      'a MAC that is not allowed',
      403,
      { success: false, message: 'Not allowed' },
      fact('RELAY_REFUSED', { status: 403, said: 'Not allowed' }),
    ],
    ['something else there', 404, { error: 'Not found' }, fact('RELAY_UNKNOWN_PATH', { status: 404 })],
    ['a redirect', 302, '', fact('RELAY_STATUS', { status: 302, said: '' })],
  ])('did not: %s', (_, status, body, message) => {
    expect(read(status, body)).toEqual(message);
  });

  it('wakes the machine that it knows where no MAC is given', () => {
    expect(read(200, { success: true, mac: '02:00:00:00:00:09' }, null)).toBeNull();
  });
});

describe('a relay that sends elsewhere', () => {
  it('is not followed, and named', async () => {
    const http = createFakeHttp({
      'http://relay:9753': {
        '/wake': { status: 302, headers: { location: 'https://nas.example/wake?x=1' } },
      },
    });
    const { signal } = new AbortController();
    await expect(
      askRelay({ http, url: 'http://relay:9753', mac, token: null, signal }),
    ).rejects.toMatchObject({
      code: 'RELAY_FAILED',
      said: {
        params: { failure: fact('RELAY_SENDS_ELSEWHERE', { to: 'https://nas.example/wake' }) },
      },
    });
    expect(http.asked).toEqual(['http://relay:9753/wake']);
  });
});
