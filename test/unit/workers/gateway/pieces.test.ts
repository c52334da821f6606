import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { identify, isLoopback } from '../../../../electron/workers/gateway/callers.ts';
import { conversationKeys } from '../../../../electron/workers/gateway/conversation.ts';
import { dialectOf, findEndpoint } from '../../../../electron/workers/gateway/endpoints.ts';
import { fallbacksOf } from '../../../../electron/workers/gateway/fallbacks.ts';
import { boundaryOf, createFormScan } from '../../../../electron/workers/gateway/form-scan.ts';
import {
  headersToClient,
  headersToServer,
  headerText,
} from '../../../../electron/workers/gateway/headers.ts';
import { createKeyLimits } from '../../../../electron/workers/gateway/key-limits.ts';
import { isCloudName } from '../../../../electron/workers/gateway/model-refusals.ts';
import { errorBody, errorInStream, Refusal } from '../../../../electron/workers/gateway/refusal.ts';
import { lengthOf, splice } from '../../../../electron/workers/gateway/splice.ts';
import { readTarget } from '../../../../electron/workers/gateway/target.ts';
import { readTokens } from '../../../../electron/workers/gateway/tokens.ts';
import { gatewayTable, tableModel, tableNode } from '../../../fakes/gateway-table.ts';

describe('the target', () => {
  it.each([
    ['/api/chat?x=1', { path: '/api/chat', query: '?x=1', key: null, node: null }],
    ['/k/s%20x/api/chat', { path: '/api/chat', query: '', key: 's x', node: null }],
    ['/n/gpu/k/s/api/tags', { path: '/api/tags', query: '', key: 's', node: 'gpu' }],
    ['/k/s', { path: '/', query: '', key: 's', node: null }],
    ['/k/a/k/b/x', { path: '/k/b/x', query: '', key: 'a', node: null }],
    ['/k//api/tags', { path: '/k//api/tags', query: '', key: null, node: null }],
    ['http://other/api/tags', null],
    ['*', null],
    ['/k/%zz/api', null],
  ])('%s', (url, target) => {
    expect(readTarget(url)).toEqual(target);
  });
});

describe('endpoints', () => {
  it.each([
    ['POST', '/v1/messages', 'anthropic'],
    ['POST', '/v1/messages/count_tokens', 'anthropic'],
    ['POST', '/v1/chat/completions', 'openai'],
    ['POST', '/v1/rerank', 'openai'],
    ['POST', '/api/chat', 'ollama'],
  ])('%s %s speaks %s', (method, path, dialect) => {
    const found = findEndpoint(method, path);
    expect(found.kind === 'endpoint' && found.endpoint.dialect).toBe(dialect);
    expect(dialectOf(path)).toBe(dialect);
  });

  it('answers other methods and paths as Ollama does', () => {
    expect(findEndpoint('GET', '/api/generate')).toEqual({ kind: 'method', allowed: ['POST'] });
    expect(findEndpoint('DELETE', '/api/tags')).toEqual({ kind: 'method', allowed: ['HEAD', 'GET'] });
    expect(findEndpoint('GET', '/api/tags/')).toEqual({ kind: 'slash', to: '/api/tags' });
    for (const path of ['/api/nothing', '/v1', '/constructor', '/api/../v1/models']) {
      expect(findEndpoint('GET', path)).toEqual({ kind: 'missing' });
    }
    for (const path of ['/v1/../api/delete', '/v1/a//b', '/v1/%2e%2e/x', '/v1/']) {
      expect(findEndpoint('POST', path)).toEqual({ kind: 'missing' });
    }
  });
});

describe('headers', () => {
  it('lets unknown ones pass to the server, and none of a connection, of the gateway or with a key', () => {
    const raw = [
      ['Host', 'x'],
      ['X-Custom', '1'],
      ['x-custom', '2'],
      ['Connection', 'close, X-Hop'],
      ['X-Hop', '1'],
      ['Expect', '100-continue'],
      ['Origin', 'http://localhost'],
      ['Authorization', 'Bearer s'],
      ['X-Api-Key', 's'],
      ['Cookie', 'a=b'],
      ['Content-Length', '9'],
      ['Transfer-Encoding', 'chunked'],
      ['X-Pilotlight-Node', 'n'],
      ['Accept-Encoding', 'gzip'],
      ['Content-Encoding', 'zstd'],
    ].flat();
    expect(headersToServer(raw, 5)).toEqual([
      'X-Custom',
      '1',
      'x-custom',
      '2',
      'Content-Encoding',
      'zstd',
      'content-length',
      '5',
    ]);
    expect(headersToServer(['A', 'b'], null)).toEqual(['A', 'b']);
  });

  it('lets those of an answer pass that are not of its connection', () => {
    const into: string[] = [];
    headersToClient(
      {
        'content-type': 'a',
        connection: 'close',
        'set-cookie': ['a', 'b'],
        'transfer-encoding': 'chunked',
        x: undefined,
      },
      into,
    );
    expect(into).toEqual(['content-type', 'a', 'set-cookie', 'a', 'set-cookie', 'b']);
  });

  it('writes a name as ASCII', () => {
    expect(headerText('büro\r\nx')).toBe('b%C3%BCro%0D%0Ax');
  });
});

it('replaces bytes wherever the chunks end', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 40 }),
      fc.nat(40),
      fc.nat(40),
      fc.integer({ min: 1, max: 7 }),
      (text, one, other, size) => {
        const bytes = Buffer.from(text);
        const [start, end] = [
          Math.min(one, other, bytes.length),
          Math.min(Math.max(one, other), bytes.length),
        ];
        fc.pre(start < end);
        const chunks: Buffer[] = [];
        for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
        const result = splice(chunks, [{ start, end }], Buffer.from('NEW'));
        const expected = Buffer.concat([bytes.subarray(0, start), Buffer.from('NEW'), bytes.subarray(end)]);
        expect(Buffer.concat(result).equals(expected)).toBe(true);
        expect(lengthOf(result)).toBe(expected.length);
      },
    ),
  );
});

describe('tokens', () => {
  it.each([
    ['{"done":true,"prompt_eval_count":7,"eval_count":12}', { input: 7, output: 12 }],
    ['data: {"usage":{"prompt_tokens":3, "completion_tokens": 4}}\n\ndata: [DONE]', { input: 3, output: 4 }],
    ['{"usage":{"input_tokens":1,"output_tokens":2}}', { input: 1, output: 2 }],
    ['{"done":true}', { input: null, output: null }],
    ['{"eval_count":"many"}', { input: null, output: null }],
  ])('%s', (text, tokens) => {
    expect(readTokens(Buffer.from(text))).toEqual(tokens);
  });
});

describe('a form', () => {
  const form = (...parts: [string, string][]) =>
    `${parts.map(([head, body]) => `--B\r\nContent-Disposition: form-data; ${head}\r\n\r\n${body}\r\n`).join('')}--B--\r\n`;
  const scanned = (text: string, size: number) => {
    const scan = createFormScan('B');
    const bytes = Buffer.from(text, 'latin1');
    for (let at = 0; at < bytes.length; at += size) scan.write(bytes.subarray(at, at + size));
    return { found: scan.model, bytes };
  };

  it.each([1, 7, 1000, 1e6])('has its model found in chunks of %i bytes', (size) => {
    const file = `${'x'.repeat(5000)}name="model"\r\n\r\nwrong\r\n`;
    const { found, bytes } = scanned(
      form(['name="file"; filename="a.wav"', file], ['name="model"', 'whisper:1']),
      size,
    );
    expect(found?.value).toBe('whisper:1');
    expect(bytes.subarray(found?.span.start, found?.span.end).toString()).toBe('whisper:1');
  });

  it('may have none', () => {
    expect(scanned(form(['name="models"', 'x'], ['name="file"', 'y']), 10).found).toBeNull();
  });

  it('has a boundary', () => {
    expect(boundaryOf('multipart/form-data; boundary=abc')).toBe('abc');
    expect(boundaryOf('multipart/form-data; charset=x; boundary="a b"')).toBe('a b');
    expect(boundaryOf('application/json')).toBeNull();
  });
});

describe('errors', () => {
  const refusal = new Refusal('BODY_MEMORY_FULL');

  it('have the shape of each dialect', () => {
    expect(errorBody('ollama', refusal)).toEqual({ error: expect.any(String) });
    expect(errorBody('openai', refusal)).toEqual({
      error: { message: expect.any(String), type: 'api_error', param: null, code: 'BODY_MEMORY_FULL' },
    });
    expect(errorBody('anthropic', refusal)).toEqual({
      type: 'error',
      error: { type: 'overloaded_error', message: expect.any(String) },
    });
  });

  it('in a stream begin on a line of their own', () => {
    expect(errorInStream('lines', 'ollama', refusal, true)).toMatch(/^\{"error":.*\}\n$/);
    expect(errorInStream('lines', 'ollama', refusal, false)).toMatch(/^\n\{/);
    expect(errorInStream('events', 'openai', refusal, false)).toMatch(/^\n\ndata: \{"error":.*\}\n\n$/);
    expect(errorInStream('events', 'anthropic', refusal, true)).toMatch(/^event: error\ndata: /);
  });

  it('of a sleeping node ask the client to come back', () => {
    expect(new Refusal('NODE_ASLEEP')).toMatchObject({ status: 503, retryAfter: 30 });
  });
});

describe('fallbacks', () => {
  const nodes = [
    tableNode('a', {
      installed: [
        tableModel({ name: 'big:latest', capabilities: ['completion', 'vision'] }),
        tableModel({ name: 'small:latest', capabilities: ['completion'] }),
        tableModel({ name: 'eyes:latest', capabilities: ['vision', 'completion', 'tools'] }),
        tableModel({ name: 'vectors:latest', capabilities: ['embedding'] }),
        tableModel({ name: 'unknown:latest', capabilities: null }),
      ],
    }),
  ];
  const listed = ['small', 'eyes', 'unknown', 'missing', 'vectors'];
  const table = gatewayTable(nodes, { fallbacks: { 'big:latest': listed, 'gone:latest': listed } });
  const found = findEndpoint('POST', '/api/chat');
  const embed = findEndpoint('POST', '/api/embed');
  if (found.kind !== 'endpoint' || embed.kind !== 'endpoint') throw new Error('Both exist.');

  it('have every capability of the model', () => {
    expect(fallbacksOf(table, 'Big', found.endpoint)).toEqual(['eyes']);
  });
  it('have that of the request if the model is not known', () => {
    expect(fallbacksOf(table, 'gone', found.endpoint)).toEqual(['small', 'eyes']);
    expect(fallbacksOf(table, 'gone', embed.endpoint)).toEqual(['vectors']);
  });
  it('are only those of a list', () => {
    expect(fallbacksOf(table, 'small', found.endpoint)).toEqual([]);
  });
});

it('allows a key its requests a minute, and then one each share of it', () => {
  let now = 0;
  const limits = createKeyLimits(() => now);
  expect([1, 2, 3].map(() => limits.take('a', 2))).toEqual([0, 0, 30]);
  expect(limits.take('b', 2)).toBe(0);
  now = 29_000;
  expect(limits.take('a', 2)).toBe(1);
  now = 30_000;
  expect(limits.take('a', 2)).toBe(0);
});

it('recognises a conversation by its session, else by its beginnings', () => {
  const fields = { promptCacheKey: null, conversation: ['x', 'y'] };
  expect(conversationKeys({}, fields, 'm')).toEqual(['m x', 'm y']);
  const byHeader = conversationKeys({ 'x-session-id': 's' }, fields, 'm');
  expect(byHeader).toHaveLength(1);
  expect(conversationKeys({}, { ...fields, promptCacheKey: 's' }, 'm')).toEqual(byHeader);
  expect(conversationKeys({ 'x-session-id': 's' }, fields, 'n')).not.toEqual(byHeader);
});

it('knows models of the cloud by their tag', () => {
  expect(['a:cloud', 'a:20b-cloud', 'A:CLOUD'].map(isCloudName)).toEqual([true, true, true]);
  expect(['cloud', 'cloud:latest', 'a:clouds'].map(isCloudName)).toEqual([false, false, false]);
});

describe('a client', () => {
  const digest = createHash('sha256').update('right').digest();
  const known = {
    id: 'k',
    kind: 'program',
    name: 'k',
    rights: ['infer'],
    digest,
    origin: null,
    endsAt: null,
  } as const;
  const credentials = [{ ...known, revoked: false, models: null, requestsPerMinute: null }];
  const table = { ...gatewayTable([]), credentials };
  const at = (secret: string | null, local: boolean) =>
    identify(table, secret, { now: 0, local, origin: null });

  it('of another computer always needs a key', () => {
    expect(at(null, false)).toEqual({ refused: 'missing' });
    expect(at('wrong', false)).toEqual({ refused: 'wrong' });
    expect(at('right', false)).toEqual({ principal: { credential: credentials[0] } });
  });

  it('of this computer needs none, and is who its key says', () => {
    expect(at(null, true)).toEqual({ principal: { credential: null } });
    expect(at('wrong', true)).toEqual({ principal: { credential: null } });
    expect(at('right', true)).toEqual({ principal: { credential: credentials[0] } });
  });

  it('is of this computer by its address', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'].map(isLoopback)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(['192.168.1.2', '::ffff:10.0.0.1', '1127.0.0.1', '', undefined].map(isLoopback)).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});
