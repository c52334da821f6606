import { describe, expect, test } from 'vitest';
import { askShutdownServer, readShutdownAnswer } from '../../../../electron/core/shutdown/shutdown-client.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { createFakeHttp, noStreams } from '../../../fakes/http.ts';

describe('what a shutdown server answers', () => {
  test.each([
    [200, '{"success":true,"message":"Shutting down now"}'],
    [200, '{"status":"shutting_down"}'],
    [202, '{"success":true}'],
    [200, '{"success":true,"message":null}'],
    [200, '{"success":true,"message":7,"error":null,"status":null,"reasons":null}'],
    [200, '{"success":null,"status":"shutting_down"}'],
  ])('%i %s: taken', (status, text) => {
    expect(() => readShutdownAnswer({ status, text })).not.toThrow();
  });

  const rows: [number, string, string, string][] = [
    [200, '{"success":false,"message":"no rights"}', 'AGENT_ERROR', 'no rights'],
    [200, '{"success":false,"status":"shutting_down"}', 'AGENT_ERROR', 'did not do it'],
    [200, '<html><body>It works!</body></html>', 'AGENT_ERROR', 'not a shutdown server'],
    [200, '', 'AGENT_ERROR', 'sent an empty answer'],
    [200, '{"hello":1}', 'AGENT_ERROR', 'did not do it'],
    [200, '{"success":"yes"}', 'AGENT_ERROR', 'not a shutdown server'],
    [200, '[]', 'AGENT_ERROR', 'not a shutdown server'],
    [401, '{"error":"Unauthorized"}', 'AGENT_REFUSED', 'rejected the secret'],
    [401, '', 'AGENT_REFUSED', 'rejected the secret'],
    [200, '{"error":"unauthorized"}', 'AGENT_REFUSED', 'rejected the secret'],
    [403, 'Forbidden', 'AGENT_REFUSED', 'rejected the secret'],
    [404, '{"error":"Not found"}', 'AGENT_ERROR', 'Not found'],
    [500, '{"success":true}', 'AGENT_ERROR', 'did not do it'],
    [
      409,
      '{"success":false,"message":"In use.","reasons":[{"message":"Ann needs it: x."}]}',
      'IN_USE',
      'In use.',
    ],
  ];
  test.each(rows)('%i %s: %s', (status, text, code, words) => {
    expect(() => readShutdownAnswer({ status, text })).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(words) }),
    );
  });

  test('its reasons are passed on', () => {
    const text = '{"success":false,"reasons":[{"message":"Ann needs it: x."},"busy"]}';
    expect(() => readShutdownAnswer({ status: 409, text })).toThrow(
      expect.objectContaining({ details: { status: 409, reasons: ['Ann needs it: x.', 'busy'] } }),
    );
  });
});

describe('one that sends elsewhere', () => {
  test('is not followed, and named', async () => {
    const http = createFakeHttp({
      'http://a:8765': { '/shutdown': { status: 301, headers: { location: 'https://a:8765/shutdown' } } },
    });
    const asked = askShutdownServer(
      { http, url: 'http://a:8765', secret: 'x' },
      new AbortController().signal,
    );
    await expect(asked).rejects.toMatchObject({
      code: 'SERVER_REDIRECTS',
      details: { to: 'https://a:8765/shutdown' },
    });
    expect(http.asked).toEqual(['http://a:8765/shutdown']);
  });

  test('odd reasons are left out', () => {
    const text = '{"reasons":[null,7,{"message":null},"busy",{"message":"Ann"}]}';
    expect(() => readShutdownAnswer({ status: 409, text })).toThrow(
      expect.objectContaining({ details: { status: 409, reasons: ['busy', 'Ann'] } }),
    );
  });
});

describe('asking it', () => {
  const ask = (error: unknown, signal = new AbortController().signal) =>
    askShutdownServer(
      { http: { ...noStreams, request: () => Promise.reject(error) }, url: 'http://a:8765', secret: 'x' },
      signal,
    );
  const host = (code: 'HOST_TIMEOUT' | 'HOST_UNREACHABLE' | 'RESPONSE_TOO_LARGE', phase: string) =>
    new PilotlightError(code, { details: { phase } });

  test('a connection that ends without an answer leaves it unsure: the machine may be going', async () => {
    expect(await ask(host('HOST_TIMEOUT', 'answer'))).toBe('unsure');
    expect(await ask(host('HOST_UNREACHABLE', 'answer'))).toBe('unsure');
  });
  test.each([
    [host('HOST_TIMEOUT', 'connect'), 'HOST_TIMEOUT'],
    [host('HOST_UNREACHABLE', 'connect'), 'HOST_UNREACHABLE'],
    [host('RESPONSE_TOO_LARGE', 'answer'), 'AGENT_ERROR'],
  ])('%s', async (error, code) => {
    await expect(ask(error)).rejects.toMatchObject({ code });
  });
  test('a caller that goes away ends it with its own reason', async () => {
    const error = host('HOST_TIMEOUT', 'answer');
    await expect(ask(error, AbortSignal.abort())).rejects.toBe(error);
  });
});
