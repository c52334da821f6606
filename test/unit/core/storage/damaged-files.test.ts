import { expect, it } from 'vitest';
import {
  DAMAGED_BYTES,
  DAMAGED_DAYS,
  damagedToRemove,
} from '../../../../electron/core/storage/damaged-files.ts';

const DAY_MS = 86_400_000;
const now = 1000 * DAY_MS;
const file = (path: string, daysAgo: number, sizeBytes = 1) => ({
  ...{ path, sizeBytes, since: now - daysAgo * DAY_MS },
});

it.each([
  ['nothing of nothing', [], []],
  ['nothing that is new', [file('a', 0), file('b', DAMAGED_DAYS)], []],
  ['what is too old', [file('a', 1), file('b', DAMAGED_DAYS + 1)], ['b']],
  [
    'the oldest of too much',
    [file('old', 3, 1), file('newest', 1, DAMAGED_BYTES / 2), file('middle', 2, DAMAGED_BYTES / 2)],
    ['old'],
  ],
  ['but never the newest', [file('a', 1, DAMAGED_BYTES * 2), file('b', 2)], ['b']],
])('of damaged files, %s goes', (_, files, removed) => {
  expect(damagedToRemove(files, now)).toEqual(removed);
});
