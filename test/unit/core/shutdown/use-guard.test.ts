import { describe, expect, test } from 'vitest';
import { lookForUse, type UseFacts, type UseSeen } from '../../../../electron/core/shutdown/use-guard.ts';
import { aGpu, aNode } from '../../../fakes/records.ts';

const now = Date.UTC(2026, 10, 21, 9);
const { loaded: models } = aNode();

function look(own: {
  loaded?: { name: string; expiresAt: number | null }[];
  percent?: number | null;
  doubt?: string;
  before?: UseSeen | null;
  inFlight?: number;
}): string[] {
  const facts: UseFacts = {
    node: {
      loaded: (own.loaded ?? []).flatMap((one) => models.map((model) => ({ ...model, ...one }))),
    },
    gpus: own.percent === undefined ? [] : [aGpu({ name: 'RTX', utilisationPercent: own.percent })],
    doubt: own.doubt ?? null,
    before: own.before === undefined ? new Map() : own.before,
    inFlight: own.inFlight ?? 0,
    now,
  };
  return lookForUse(facts).use;
}

const later = now + 300_000;
const rows: [string, Parameters<typeof look>[0], string[]][] = [
  ['nothing is loaded', {}, []],
  [
    'a model that stays loaded',
    { loaded: [{ name: 'a', expiresAt: later }], before: new Map([['a', later]]) },
    [],
  ],
  [
    'a model that is kept for ever',
    { loaded: [{ name: 'a', expiresAt: null }], before: new Map([['a', null]]) },
    [],
  ],
  [
    'its time was put off: a request came',
    { loaded: [{ name: 'a', expiresAt: later }], before: new Map([['a', later - 20_000]]) },
    ['a was used.'],
  ],
  [
    'it was kept for ever and has a time again: a request came',
    { loaded: [{ name: 'a', expiresAt: later }], before: new Map([['a', null]]) },
    ['a was used.'],
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
  ['it was loaded since', { loaded: [{ name: 'a', expiresAt: later }] }, ['a was loaded.']],
  ['the first look', { loaded: [{ name: 'a', expiresAt: later }], before: null }, []],
  [
    'past its time and still there: it is answering',
    { loaded: [{ name: 'a', expiresAt: now - 5000 }], before: null },
    ['a is answering.'],
  ],
  ['a busy GPU', { percent: 55.4 }, ['A GPU is busy (55 %).']],
  ['an idle GPU', { percent: 3 }, []],
  [
    'a GPU without a reading',
    { percent: null },
    ['Cannot tell whether a GPU is busy: RTX does not report its load.'],
  ],
  ['a tool that fails', { doubt: 'It hangs.' }, ['Cannot tell whether a GPU is busy: It hangs.']],
  [
    'one tool that fails beside a busy GPU',
    { percent: 55, doubt: 'It hangs.' },
    ['A GPU is busy (55 %).', 'Cannot tell whether a GPU is busy: It hangs.'],
  ],
  ['our own requests', { inFlight: 2 }, ['2 requests are being answered.']],
];

describe('use of a machine without an agent', () => {
  test.each(rows)('%s', (_, own, use) => {
    expect(look(own)).toEqual(use);
  });
});
