import { describe, expect, test } from 'vitest';
import { detectUse, type UseFacts, type UseSeen } from '../../../../electron/core/shutdown/use-guard.ts';
import { fact, type Message, plainText } from '../../../../shared/models/message.ts';
import { aGpu, aNode } from '../../../fakes/records.ts';

const now = Date.UTC(2026, 10, 21, 9);
const { loaded: models } = aNode();

function detect(own: {
  loaded?: { name: string; expiresAt: number | null }[];
  percent?: number | null;
  unknownLoad?: Message;
  before?: UseSeen | null;
  inFlight?: number;
}): Message[] {
  const facts: UseFacts = {
    node: {
      loaded: (own.loaded ?? []).flatMap((one) => models.map((model) => ({ ...model, ...one }))),
    },
    gpus: own.percent === undefined ? [] : [aGpu({ name: 'RTX', utilisationPercent: own.percent })],
    unknownLoad: own.unknownLoad ?? null,
    before: own.before === undefined ? new Map() : own.before,
    inFlight: own.inFlight ?? 0,
    now,
  };
  return detectUse(facts).use;
}

const hangs = plainText('It hangs.');
const later = now + 300_000;
const rows: [string, Parameters<typeof detect>[0], Message[]][] = [
  ['nothing is loaded', {}, []],
  [
    'a model that stays loaded',
    { loaded: [{ name: 'a', expiresAt: later }], before: new Map([['a', later]]) },
    [],
  ],
  [
    'a model that is kept indefinitely',
    { loaded: [{ name: 'a', expiresAt: null }], before: new Map([['a', null]]) },
    [],
  ],
  [
    'its time was put off: a request came',
    { loaded: [{ name: 'a', expiresAt: later }], before: new Map([['a', later - 20_000]]) },
    [fact('MODEL_WAS_USED', { model: 'a' })],
  ],
  [
    'it was kept indefinitely and expires again: a request came',
    { loaded: [{ name: 'a', expiresAt: later }], before: new Map([['a', null]]) },
    [fact('MODEL_WAS_USED', { model: 'a' })],
  ],
  [
    'a rounding of the time',
    { loaded: [{ name: 'a', expiresAt: later }], before: new Map([['a', later - 400]]) },
    [],
  ],
  [
    'its time was shortened',
    { loaded: [{ name: 'a', expiresAt: later }], before: new Map([['a', later + 60_000]]) },
    [],
  ],
  [
    'it was loaded since',
    { loaded: [{ name: 'a', expiresAt: later }] },
    [fact('MODEL_WAS_LOADED', { model: 'a' })],
  ],
  ['the first check', { loaded: [{ name: 'a', expiresAt: later }], before: null }, []],
  [
    'past its time and still there: it is answering',
    { loaded: [{ name: 'a', expiresAt: now - 5000 }], before: null },
    [fact('MODEL_ANSWERING', { model: 'a' })],
  ],
  ['a busy GPU', { percent: 55.4 }, [fact('GPU_BUSY', { percent: 55.4 })]],
  ['an idle GPU', { percent: 3 }, []],
  ['a GPU at the threshold', { percent: 10 }, [fact('GPU_BUSY', { percent: 10 })]],
  ['a GPU just below it', { percent: 9.9 }, []],
  ['within the tolerance of its time', { loaded: [{ name: 'a', expiresAt: now - 1000 }], before: null }, []],
  ['still within its time', { loaded: [{ name: 'a', expiresAt: now + 500 }], before: null }, []],
  [
    'a step of exactly the tolerance',
    { loaded: [{ name: 'a', expiresAt: later }], before: new Map([['a', later - 1000]]) },
    [],
  ],
  [
    'a GPU without a reading',
    { percent: null },
    [fact('GPU_LOAD_UNKNOWN', { reason: fact('GPU_LOAD_NOT_REPORTED', { gpu: 'RTX' }) })],
  ],
  ['a tool that fails', { unknownLoad: hangs }, [fact('GPU_LOAD_UNKNOWN', { reason: hangs })]],
  [
    'one tool that fails beside a busy GPU',
    { percent: 55, unknownLoad: hangs },
    [fact('GPU_BUSY', { percent: 55 }), fact('GPU_LOAD_UNKNOWN', { reason: hangs })],
  ],
  ['our own requests', { inFlight: 2 }, [fact('REQUESTS_IN_FLIGHT', { count: 2 })]],
];

describe('use of a machine without an agent', () => {
  test.each(rows)('%s', (_, own, use) => {
    expect(detect(own)).toEqual(use);
  });
});

test('the next check compares with what this one saw', () => {
  const { loaded } = aNode();
  const node = { loaded: loaded.map((model) => ({ ...model, name: 'a', expiresAt: later })) };
  const { seen } = detectUse({ node, gpus: [], before: null, inFlight: 0, now });
  expect([...seen]).toEqual([['a', later]]);
});
