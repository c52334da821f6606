/** The small parts of holding requests: names of programs, changes of the context, times of servers, room at nodes. */
import { describe, expect, it } from 'vitest';
import { withContext } from '../../../../electron/workers/gateway/context-splice.ts';
import { programOf } from '../../../../electron/workers/gateway/programs.ts';
import { createRetryLoops } from '../../../../electron/workers/gateway/retry-loops.ts';
import { hasRoom } from '../../../../electron/workers/gateway/room-on-node.ts';
import { readServerTimes } from '../../../../electron/workers/gateway/server-times.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { tableLoaded, tableModel, tableNode } from '../../../fakes/gateway-table.ts';

describe('a program’s name', () => {
  it.each([
    [{ 'user-agent': 'ollama-python/0.6.0 (x86_64 linux) Python/3.12' }, 'ollama-python'],
    [{ 'user-agent': 'Python/3.11 aiohttp/3.9', 'x-openwebui-chat-id': '1' }, 'Open WebUI'],
    [{ 'user-agent': 'Python/3.11 aiohttp/3.9' }, 'Python'],
    [{ 'user-agent': 'OpenAI/Python 1.2', 'x-title': 'My agent' }, 'My agent'],
    [{ 'user-agent': 'a\u0000b/1' }, 'a\\x00b'],
    [{ 'user-agent': ' ' }, null],
    [{}, null],
  ])('of %j is %s', (headers, name) => {
    expect(programOf(headers)).toBe(name);
  });

  it('is not longer than people can read', () => {
    expect(programOf({ 'user-agent': 'x'.repeat(500) })).toHaveLength(60);
  });
});

describe('another context', () => {
  const changed = (text: string) => withContext(Buffer.from(text), 4096)?.toString() ?? null;

  it.each([
    ['{"model":"m","options":{"num_ctx":1}}', '{"model":"m","options":{"num_ctx":4096}}'],
    ['{"options":{"num_ctx": null ,"a":1}}', '{"options":{"num_ctx": 4096 ,"a":1}}'],
    ['{"options":{"num_ctx":1,"NUM_CTX":2}}', '{"options":{"num_ctx":4096,"NUM_CTX":4096}}'],
    ['{"options":{ "a":1}}', '{"options":{"num_ctx":4096, "a":1}}'],
    ['{"options":{}}', '{"options":{"num_ctx":4096}}'],
    ['{"options":null,"a":1}', '{"options":{"num_ctx":4096},"a":1}'],
    [' {"a":{"options":{"num_ctx":1}}} ', ' {"options":{"num_ctx":4096},"a":{"options":{"num_ctx":1}}} '],
    ['{}', '{"options":{"num_ctx":4096}}'],
  ])('%s', (before, after) => {
    expect(changed(before)).toBe(after);
  });

  it('is not put where no object is', () => {
    expect(changed('[1]')).toBeNull();
    expect(changed('{"a":')).toBeNull();
  });
});

it('reads how a server spent the time, from the end of its answer', () => {
  const answer = `{"response":"\\"eval_duration\\": 7","total_duration":5000000,"load_duration":1000000,"prompt_eval_duration":2000000,"eval_count":3,"eval_duration":1500000}`;
  expect(readServerTimes(Buffer.from(answer))).toEqual({
    totalMs: 5,
    loadMs: 1,
    promptMs: 2,
    outputMs: 1.5,
  });
  expect(readServerTimes(Buffer.from('{}'))).toEqual({
    totalMs: null,
    loadMs: null,
    promptMs: null,
    outputMs: null,
  });
});

describe('room at a node', () => {
  const models = ['a', 'b'].map((name) =>
    tableModel({ name: `${name}:latest`, digest: name, sizeBytes: 10e9 }),
  );
  const one = (own = {}) =>
    tableNode('one', { installed: models, vram: { totalBytes: 15e9, usedBytes: 0 }, ...own });
  const loaded = [tableLoaded({ name: 'a:latest', digest: 'a' })];

  it('is there for a model that is loaded, or fits beside those that are', () => {
    expect(hasRoom(one(), 'a', [])).toBe(true);
    expect(hasRoom(one({ loaded }), 'a', ['a:latest'])).toBe(true);
    expect(hasRoom(one({ loaded }), 'b', [])).toBe(false);
    expect(hasRoom(one({ loaded, vram: { totalBytes: 25e9, usedBytes: 10e9 } }), 'b', [])).toBe(true);
  });

  it('is not there while a model runs that the table does not show yet', () => {
    expect(hasRoom(one(), 'a', ['b:latest'])).toBe(false);
    expect(hasRoom(one({ loaded }), 'a', ['b:latest'])).toBe(false);
  });

  it('is assumed where nothing is known about it', () => {
    expect(hasRoom(one({ hasGpu: false }), 'a', ['b:latest'])).toBe(true);
    expect(hasRoom(one({ saysPlacement: false }), 'a', ['b:latest'])).toBe(true);
    expect(hasRoom(one({ vram: { totalBytes: null, usedBytes: null } }), 'a', ['b:latest'])).toBe(true);
  });
});

it('keeps back who comes too early again and again, until the time has passed or it is served', async () => {
  const clock = createFakeClock();
  const loops = createRetryLoops(clock);
  const arrive = () => loops.arrived('one').retryAfter;
  expect(arrive()).toBe(0);
  loops.refused('one', 30);
  expect(Array.from({ length: 20 }, arrive)).toEqual(Array(20).fill(0));
  expect(loops.arrived('one')).toEqual({ retryAfter: 30, isNew: true, requests: 21 });
  await clock.advance(10_000);
  expect(loops.arrived('one')).toEqual({ retryAfter: 20, isNew: false, requests: 22 });
  expect(loops.arrived('other').retryAfter).toBe(0);
  await clock.advance(20_000);
  expect(arrive()).toBe(0);
  loops.refused('one', 30);
  for (let count = 0; count < 30; count += 1) arrive();
  loops.served('one');
  expect(arrive()).toBe(0);
});
