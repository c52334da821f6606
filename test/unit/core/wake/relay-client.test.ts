import { describe, expect, it } from 'vitest';
import { readRelayReply } from '../../../../electron/core/wake/relay-client.ts';

const mac = '00:00:5E:00:53:01';
const read = (status: number, body: unknown, wanted: string | null = mac) =>
  readRelayReply({ status, text: typeof body === 'string' ? body : JSON.stringify(body) }, wanted);

describe('the answer of a relay', () => {
  it.each<[string, number, unknown]>([
    ['as existing ones say it', 200, { success: true, mac, message: 'Magic packet sent' }],
    ['in another notation', 200, { success: true, mac: '00-00-5e-00-53-01' }],
    ['without a MAC', 200, { success: true }],
    ['as ours says it', 200, { success: true, mac, message: 'Wake packet sent.', sent: [], failed: [] }],
  ])('woke it: %s', (_, status, body) => {
    expect(read(status, body)).toBeNull();
  });

  it.each<[string, number, unknown, string]>([
    [
      '200 and not done',
      200,
      { success: false, mac, message: 'Network is down.' },
      'did not send the packet: Network is down',
    ],
    ['200 without a word', 200, {}, 'does not say that it sent the packet'],
    ['200 with a truthy text', 200, { success: 'yes' }, 'answered with something else than JSON'],
    ['HTML', 200, '<!doctype html><title>NAS</title>', 'answered with a web page'],
    ['nothing', 200, '', 'answered with nothing'],
    ['an array', 200, [], 'answered with something else than JSON'],
    ['half a JSON', 200, '{"success":tr', 'answered with something else than JSON'],
    [
      'another machine',
      200,
      { success: true, mac: '02:00:00:00:00:09' },
      'woke another machine, 02:00:00:00:00:09',
    ],
    ['success with an error status', 500, { success: true }, 'failed with status 500'],
    [
      'its own error',
      502,
      { success: false, message: 'No interface.' },
      'failed with status 502: No interface',
    ],
    ['a wrong token', 401, { error: 'Unauthorized' }, 'refuses the request (401): Unauthorized'],
    [
      'a MAC that is not allowed',
      403,
      { success: false, message: 'Not allowed' },
      'refuses the request (403): Not allowed',
    ],
    ['something else there', 404, { error: 'Not found' }, 'does not know /wake (404)'],
    ['a redirect', 302, '', 'failed with status 302'],
  ])('did not: %s', (_, status, body, words) => {
    expect(read(status, body)?.words).toBe(words);
  });

  it('wakes the machine that it knows where no MAC is given', () => {
    expect(read(200, { success: true, mac: '02:00:00:00:00:09' }, null)).toBeNull();
  });
});
