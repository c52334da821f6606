import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fillAxis, sumKey, withEnd } from '../../../../renderer/charts/chart-row.ts';
import { heldRows } from '../../../../renderer/components/held-rows.ts';
import {
  firstTokenRows,
  noneKey,
  othersKey,
  p50Key,
  p95Key,
  rateRows,
  seriesKey,
  seriesKeys,
  speedRows,
  waitingRows,
} from '../../../../renderer/features/requests/chart-rows.ts';
import {
  addressHash,
  choicesIn,
  filterRequests,
  isOver,
  noFilter,
  type RequestFilter,
  readAddress,
  stateGroups,
} from '../../../../renderer/features/requests/filter.ts';
import { orderRequests } from '../../../../renderer/features/requests/order.ts';
import { problemTexts, waitText } from '../../../../renderer/features/requests/request-text.ts';
import { sumsOf, timelineOf } from '../../../../renderer/features/requests/timeline.ts';
import { pageFromHash, requestHref } from '../../../../renderer/features/shell/route.ts';
import { queueHour } from '../../../../renderer/stores/queues.ts';
import { fact, plainText } from '../../../../shared/models/message.ts';
import {
  type RequestBucket,
  type RequestStep,
  requestIsOver,
  requestStateSchema,
} from '../../../../shared/models/requests.ts';
import { request } from '../../../e2e/support/request-scenes.ts';

const ids = (requests: readonly { id: string }[]) => requests.map(({ id }) => id);
const nodeName = (nodeId: string) => (nodeId === 'n1' ? 'gpu-tower' : nodeId);

test('a request is over in the panel exactly where it is in the contract', () => {
  for (const state of requestStateSchema.options)
    expect(isOver({ state }), state).toBe(requestIsOver({ state }));
});

describe('filters', () => {
  const all = [
    request('1', { state: 'waking', model: 'a', nodeId: null, program: 'Zed', credential: null }),
    request('2', {
      state: 'failed',
      model: 'b',
      nodeId: 'n1',
      program: null,
      credential: 'n8n',
      status: 502,
    }),
    request('3', { model: null, path: '/api/show', nodeId: 'n2', program: null, credential: null }),
  ];
  test.each<[Partial<RequestFilter>, string[]]>([
    [{}, ['1', '2', '3']],
    [{ groups: new Set(['waiting', 'failed']) }, ['1', '2']],
    [{ model: 'a' }, ['1']],
    [{ nodeId: 'n2' }, ['3']],
    [{ program: 'n8n' }, ['2']],
    [{ program: '' }, ['3']],
    [{ text: 'GPU-tower 502' }, ['2']],
    [{ text: 'show' }, ['3']],
    [{ text: 'show', model: 'a' }, []],
  ])('%o leaves %o', (patch, left) => {
    expect(ids(filterRequests(all, { ...noFilter, ...patch }, nodeName))).toEqual(left);
  });

  test('choices are what the requests have, each once', () => {
    expect(choicesIn([...all, ...all])).toEqual({
      models: ['a', 'b'],
      nodeIds: ['n1', 'n2'],
      programs: ['', 'n8n', 'Zed'],
    });
  });

  test('the address keeps every filter, the charts and the open request', () => {
    const text = fc.option(fc.string({ maxLength: 20 }), { nil: null });
    fc.assert(
      fc.property(
        fc.subarray([...stateGroups]),
        text,
        text,
        text,
        fc.string().filter((one) => one.trim() !== ''),
        fc.option(fc.string({ minLength: 1 }), { nil: null }),
        fc.constantFrom('model' as const, 'node' as const),
        (groups, model, nodeId, program, words, requestId, by) => {
          const filter = { groups: new Set(groups), model, nodeId, program, text: words };
          const address = { filter, requestId, by };
          const hash = addressHash(address);
          expect(readAddress(hash)).toEqual(address);
          expect(pageFromHash(hash)).toBe('requests');
        },
      ),
    );
    expect(addressHash({ filter: noFilter, requestId: null, by: 'model' })).toBe('#/requests');
    expect(readAddress('#/requests?state=nonsense,failed&period=year').filter.groups).toEqual(
      new Set(['failed']),
    );
    expect(readAddress(requestHref('a b')).requestId).toBe('a b');
    expect(readAddress('#/activity?request=1').requestId).toBeNull();
  });
});

describe('order', () => {
  test('those in progress first, each part newest first', () => {
    const list = [
      request('old', { at: 1 }),
      request('waiting', { at: 2, state: 'queued' }),
      request('new', { at: 9 }),
      request('answering', { at: 5, state: 'answering' }),
    ];
    expect(ids(orderRequests(list))).toEqual(['answering', 'waiting', 'new', 'old']);
  });

  test('a held list keeps its places, shows what changed and counts what is new', () => {
    const held = [request('a', { state: 'sent' }), request('b'), request('c')];
    const a = request('a', { state: 'completed' });
    const c = request('c');
    const more = request('d');
    const list = heldRows(held, [more, c, a], { a, c, d: more });
    expect(ids(list.rows)).toEqual(['a', 'b', 'c']);
    expect(list.rows[0]?.state).toBe('completed');
    expect(list.more).toBe(1);
  });
});

describe('the timeline', () => {
  const step = (afterMs: number, kind: RequestStep['kind']): RequestStep => ({
    afterMs,
    kind,
    nodeId: null,
    code: null,
  });

  test('goes from the arrival to the end, with the time lost on a machine and the load', () => {
    const timeline = timelineOf(
      request('r', {
        durationMs: 1000,
        loadMs: 200,
        steps: [
          step(0, 'arrived'),
          step(10, 'waking'),
          step(110, 'queued'),
          step(200, 'sent'),
          step(300, 'tried'),
          step(310, 'sent'),
          step(520, 'loaded'),
          step(600, 'first-byte'),
          step(1000, 'ended'),
        ],
      }),
      0,
    );
    expect(timeline.parts).toEqual([
      { kind: 'gateway', fromMs: 0, toMs: 10 },
      { kind: 'waking', fromMs: 10, toMs: 110 },
      { kind: 'queued', fromMs: 110, toMs: 200 },
      { kind: 'lost', fromMs: 200, toMs: 300 },
      { kind: 'gateway', fromMs: 300, toMs: 310 },
      { kind: 'loading', fromMs: 310, toMs: 510 },
      { kind: 'sent', fromMs: 510, toMs: 600 },
      { kind: 'answering', fromMs: 600, toMs: 1000 },
    ]);
    expect(sumsOf(timeline).find(({ kind }) => kind === 'gateway')?.ms).toBe(20);
  });

  test('one in progress goes on until now', () => {
    const waiting = request('r', {
      at: 5000,
      state: 'queued',
      durationMs: null,
      steps: [step(0, 'arrived'), step(4, 'queued')],
    });
    expect(timelineOf(waiting, 9000)).toEqual({
      parts: [
        { kind: 'gateway', fromMs: 0, toMs: 4 },
        { kind: 'queued', fromMs: 4, toMs: 4000 },
      ],
      totalMs: 4000,
    });
  });

  test('has neither gaps nor overlaps, whatever the steps', () => {
    const steps = fc.array(
      fc.record({
        afterMs: fc.nat(10_000),
        kind: fc.constantFrom<RequestStep['kind']>(
          'waking',
          'queued',
          'sent',
          'tried',
          'split',
          'loaded',
          'first-byte',
        ),
      }),
    );
    fc.assert(
      fc.property(
        steps,
        fc.option(fc.nat(20_000), { nil: null }),
        fc.nat(20_000),
        (more, loadMs, durationMs) => {
          const all = [step(0, 'arrived'), ...more.map(({ afterMs, kind }) => step(afterMs, kind))];
          const { parts, totalMs } = timelineOf(request('r', { steps: all, loadMs, durationMs }), 0);
          let at = 0;
          for (const part of parts) {
            expect(part.fromMs).toBe(at);
            expect(part.toMs).toBeGreaterThan(part.fromMs);
            at = part.toMs;
          }
          expect(at).toBe(totalMs);
        },
      ),
    );
  });
});

describe('texts', () => {
  test('only a request that waits has a place', () => {
    expect(waitText({ state: 'answering', position: 1, expectedMs: 9000 })).toBe('');
    const wait = (position: number | null, expectedMs: number | null) =>
      waitText({ state: 'queued', position, expectedMs });
    expect(wait(2, 9000)).toContain('2nd');
    expect(wait(2, 9000)).toContain('9 s');
    expect([11, 21, 23].map((place) => wait(place, null).split(' ')[0])).toEqual(['11th', '21st', '23rd']);
    expect(wait(null, null)).not.toBe('');
  });

  test('a coded error has its next step apart', () => {
    const error = fact('ERROR', { code: 'X', message: 'It broke.', next: 'Mend it.' });
    expect(problemTexts({ code: 'X', message: error }, () => '')).toEqual({
      message: 'It broke.',
      next: 'Mend it.',
    });
    expect(problemTexts({ code: 'X', message: plainText('Plain') }, () => 'Plain').next).toBe('');
  });
});

describe('charts', () => {
  const minute = 60_000;
  const row = (
    model: string | null,
    nodeId: string | null,
    patch: Partial<RequestBucket['rows'][number]> = {},
  ) => ({
    model,
    nodeId,
    requests: 10,
    failed: 0,
    waiting: 0,
    firstByteMs: { p50: 100, p95: 900 },
    outputTokens: 1000,
    outputMs: 20_000,
    ...patch,
  });
  const bucket = (at: number, ...rows: RequestBucket['rows']): RequestBucket => ({
    at,
    seconds: 120,
    firstByteMs: { p50: 150, p95: 950 },
    rows,
  });
  const onAxis = (buckets: readonly RequestBucket[], last: number) =>
    fillAxis(buckets, { first: last - 4 * minute, last, seconds: 120 });

  test('rates and queues are sums over machines, speeds a quotient, and gaps stay gaps', () => {
    const buckets = [
      bucket(0, row('a', 'n1', { waiting: 1 }), row('a', 'n2', { outputMs: 60_000 }), row(null, null)),
    ];
    const keys = seriesKeys(buckets, 'model');
    expect(keys).toEqual(['a', noneKey]);
    const filled = onAxis(buckets, 4 * minute);
    expect(rateRows(filled, keys, 'model')).toEqual([
      { at: 0, values: { a: 10, [noneKey]: 5 } },
      { at: 2 * minute, values: {}, missing: true },
    ]);
    expect(waitingRows(filled, keys, 'model')[1]?.missing).toBe(true);
    expect(waitingRows(filled, keys, 'model')[0]?.values.a).toBe(1);
    expect(speedRows(filled, keys, 'model').map(({ values }) => values.a)).toEqual([25, null]);
  });

  test('a minute without requests is zero, and one in which the core was off a gap', () => {
    const buckets = [bucket(0, row('a', 'n1')), bucket(2 * minute), bucket(6 * minute)];
    const filled = fillAxis(buckets, { first: 0, last: 8 * minute, seconds: 120 });
    const rows = rateRows(filled, ['a'], 'model');
    expect(rows.map(({ missing }) => missing === true)).toEqual([false, false, true, false]);
    expect(withEnd(rateRows(filled.slice(0, 3), ['a'], 'model')).at(-1)?.missing).toBe(true);
  });

  test('percentiles are never added: a model on two machines has no line of its own there', () => {
    const buckets = [
      bucket(0, row('a', 'n1'), row('a', 'n2'), row('b', 'n1', { firstByteMs: { p50: 7, p95: 8 } })),
    ];
    const filled = onAxis(buckets, 4 * minute);
    const [first, second] = firstTokenRows(filled, ['a', 'b'], 'model');
    expect(first?.values).toMatchObject({ [p95Key]: 950, [seriesKey('a')]: null, [seriesKey('b')]: 7 });
    expect(second?.values[p95Key]).toBeNull();
  });

  test('bands are of the whole in a stack, and of a series only where it is one row', () => {
    const joined: RequestBucket = {
      ...bucket(
        0,
        row('a', 'n1', { spread: { firstByteMs: [80, 120], tokensPerSecond: [20, 90] } }),
        row('b', 'n1', { spread: { firstByteMs: null, tokensPerSecond: null } }),
        row('b', 'n2', { spread: { firstByteMs: [1, 2], tokensPerSecond: [3, 4] } }),
      ),
      spread: { perMinute: [2, 40], waiting: [0, 3], firstByteMs: [70, 300] },
    };
    const filled = onAxis([joined], 4 * minute);
    const keys = ['a', 'b'];
    expect(rateRows(filled, keys, 'model').map(({ bands }) => bands)).toEqual([
      { [sumKey]: [2, 40] },
      undefined,
    ]);
    expect(waitingRows(filled, keys, 'model')[0]?.bands).toEqual({ [sumKey]: [0, 3] });
    expect(speedRows(filled, keys, 'model')[0]?.bands).toEqual({ a: [20, 90] });
    expect(firstTokenRows(filled, keys, 'model')[0]?.bands).toEqual({
      [p50Key]: [70, 300],
      [seriesKey('a')]: [80, 120],
    });
    expect(
      rateRows(onAxis([bucket(0, row('a', 'n1'))], 4 * minute), keys, 'model')[0]?.bands,
    ).toBeUndefined();
  });

  test('rare series are one', () => {
    const rows = Array.from({ length: 9 }, (_, index) => row(`m${index}`, 'n1', { requests: 20 - index }));
    const keys = seriesKeys([bucket(0, ...rows)], 'model');
    expect(keys).toHaveLength(8);
    expect(keys.at(-1)).toBe(othersKey);
    const filled = onAxis([bucket(0, ...rows)], 4 * minute);
    expect(rateRows(filled, keys, 'model')[0]?.values[othersKey]).toBe((13 + 12) / 2);
  });
});

test('the queue of an hour shows the most that waited, and only kinds that did', () => {
  const at = 3_600_000;
  const { kinds, rows } = queueHour(
    [
      { at, waiting: { indexing: 0, requests: 2, tasks: 0 } },
      { at: at + 1000, waiting: { indexing: 0, requests: 5, tasks: 0 } },
      { at: at + 2000, waiting: { indexing: 0, requests: 1, tasks: 0 } },
      { at: at - 7_200_000, waiting: { indexing: 9, requests: 0, tasks: 0 } },
    ],
    at + 5000,
  );
  expect(kinds).toEqual(['requests']);
  expect(rows.at(-1)?.waiting).toEqual({ requests: 5 });
});
