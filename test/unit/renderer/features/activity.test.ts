import { beforeAll, describe, expect, test } from 'vitest';
import { toggled } from '../../../../renderer/components/toggled.ts';
import { filterEntries, isFiltered, noFilter } from '../../../../renderer/features/activity/filter.ts';
import {
  addToLog,
  byDay,
  dayTitle,
  emptyLog,
  jobOfEntry,
} from '../../../../renderer/features/activity/log.ts';
import { countUnseen } from '../../../../renderer/features/activity/seen.ts';
import { createNewsOfActivity } from '../../../../renderer/features/shell/notifications.ts';
import { loadTexts } from '../../../../renderer/texts.ts';
import type { ActivityEntry } from '../../../../shared/models/activity.ts';
import type { IndexJob } from '../../../../shared/models/indexing.ts';
import { plainText } from '../../../../shared/models/message.ts';

beforeAll(loadTexts);

const entry = (id: number, patch: Partial<ActivityEntry> = {}): ActivityEntry => ({
  id,
  at: id * 1000,
  kind: 'fleet',
  severity: 'info',
  message: plainText(`entry ${id}`),
  why: plainText(''),
  nodeId: null,
  notify: false,
  ...patch,
});
const ids = (entries: readonly ActivityEntry[]) => entries.map(({ id }) => id);

describe('the log', () => {
  test('keeps what the stream lets go, newest first, each once', () => {
    let log = addToLog(emptyLog, [entry(2), entry(3)], 'snapshot');
    log = addToLog(log, [entry(4)], 'delta');
    log = addToLog(log, [entry(3), entry(4), entry(5)], 'snapshot');
    expect(ids(log.entries)).toEqual([5, 4, 3, 2]);
    expect(ids(addToLog(log, [entry(1), entry(2)], 'delta').entries)).toEqual([5, 4, 3, 2, 1]);
  });

  test('a snapshot that does not touch it replaces it: no gap, nothing of another Pilotlight', () => {
    const log = { entries: [entry(3), entry(2)], ended: true };
    expect(addToLog(log, [entry(90)], 'snapshot')).toEqual({ entries: [entry(90)], ended: false });
    const other = [entry(3, { at: 77 })];
    expect(addToLog(log, other, 'snapshot').entries).toEqual(other);
    expect(addToLog(log, [], 'snapshot').entries).toEqual([]);
  });
});

describe('filters', () => {
  const all = [
    entry(1, { kind: 'power', nodeId: 'tower', message: plainText('gpu-tower woke in 6.2 s.') }),
    entry(2, { kind: 'index', severity: 'warning', why: plainText('The GPU is gone.') }),
    entry(3, { kind: 'index', severity: 'error', nodeId: 'tower' }),
  ];
  test.each([
    [{}, [1, 2, 3]],
    [{ kinds: new Set(['index' as const]) }, [2, 3]],
    [{ severities: new Set(['error' as const, 'warning' as const]) }, [2, 3]],
    [{ nodeId: 'tower' }, [1, 3]],
    [{ text: ' GPU gone' }, [2]],
    [{ text: 'gpu', nodeId: 'tower' }, [1]],
  ])('%j leaves %j', (patch, left) => {
    const filter = { ...noFilter, ...patch };
    expect(ids(filterEntries(all, filter))).toEqual(left);
    expect(isFiltered(filter)).toBe(left.length < 3);
  });

  test('a choice is put in and taken out', () => {
    expect([...toggled(new Set(['a']), 'b')]).toEqual(['a', 'b']);
    expect([...toggled(new Set(['a']), 'a')]).toEqual([]);
  });
});

test('days are those of this clock, and named as a person would', () => {
  const noon = new Date(2026, 10, 21, 12).getTime();
  const hour = 3_600_000;
  const at = (hoursAgo: number, id: number) => entry(id, { at: noon - hoursAgo * hour });
  const days = byDay([at(0, 5), at(11.9, 4), at(12.1, 3), at(60, 2), at(24 * 400, 1)]);
  expect(days.map((day) => ids(day.entries))).toEqual([[5, 4], [3], [2], [1]]);
  expect(days.map((day) => dayTitle(day.at, noon))).toEqual([
    'Today',
    'Yesterday',
    'Thursday, November 19',
    'October 17, 2025',
  ]);
});

test('an entry of a run belongs to the run of its time', () => {
  const job = (id: string, createdAt: number, endedAt: number | null) =>
    ({ id, createdAt, endedAt }) as IndexJob;
  const jobs = [job('b', 50_000, null), job('a', 10_000, 20_000)];
  const of = (at: number, kind: ActivityEntry['kind'] = 'index') =>
    jobOfEntry({ kind, at }, jobs)?.id ?? null;
  expect([of(9000), of(10_000), of(21_000), of(30_000), of(60_000)]).toEqual([null, 'a', 'a', null, 'b']);
  expect(of(15_000, 'fleet')).toBeNull();
});

test('what is new since the last visit is counted; the first visit marks nothing', () => {
  const entries = [entry(9), entry(8), entry(7)];
  expect(countUnseen(entries, null)).toBe(0);
  expect(countUnseen(entries, 7)).toBe(2);
  expect(countUnseen(entries, 9)).toBe(0);
  expect(countUnseen(entries, 100)).toBe(3);
  expect(countUnseen([], 3)).toBe(0);
});

describe('what is news', () => {
  const frame = (kind: 'snapshot' | 'delta', epoch: string, ...entries: number[]) => ({
    kind,
    cursor: { epoch, sequence: 1 },
    set: entries.map((id): [string, ActivityEntry] => [String(id), entry(id)]),
  });

  test('what was there before the panel opened is none, what came since is, in a snapshot too', () => {
    const news = createNewsOfActivity();
    expect(ids(news(frame('snapshot', 'one', 1, 2)))).toEqual([]);
    expect(ids(news(frame('delta', 'one', 3)))).toEqual([3]);
    expect(ids(news(frame('snapshot', 'one', 2, 3, 4, 5)))).toEqual([4, 5]);
    expect(ids(news(frame('delta', 'one', 5, 6)))).toEqual([6]);
  });

  test('the snapshot of another run of the core is what was there before, however its entries are numbered', () => {
    const news = createNewsOfActivity();
    news(frame('snapshot', 'one', 100));
    expect(ids(news(frame('snapshot', 'two', 7, 8)))).toEqual([]);
    expect(ids(news(frame('delta', 'two', 9)))).toEqual([9]);
  });

  test('the first entry of an empty log is news', () => {
    const news = createNewsOfActivity();
    news(frame('snapshot', 'one'));
    expect(ids(news(frame('delta', 'one', 0)))).toEqual([0]);
  });
});
