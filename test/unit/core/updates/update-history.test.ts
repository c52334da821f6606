import { describe, expect, it } from 'vitest';
import type { UpdateRecord } from '../../../../electron/core/ports/updates.ts';
import { KEPT_MS, readStart, startedWell } from '../../../../electron/core/updates/update-history.ts';

const previous = { version: '1.0.0', path: '/kept/1.0.0', state: 20, keptUntil: null };
const record: UpdateRecord = { place: 0.5, seen: '1.0.0', previous, unproved: '1.1.0' };

describe('a start after an update', () => {
  it('sees that it happened, and keeps the version before', () => {
    expect(readStart(record, '1.1.0', 0)).toEqual({
      record,
      update: { kind: 'happened', from: '1.0.0' },
      remove: [],
    });
  });

  it('sees that it did not happen', () => {
    expect(readStart(record, '1.0.0', 0)).toEqual({
      record: { ...record, previous: null, unproved: null },
      update: { kind: 'failed', version: '1.1.0' },
      remove: ['/kept/1.0.0'],
    });
  });

  it('does not complain when something newer still was installed by hand', () => {
    expect(readStart(record, '1.2.0', 0)).toMatchObject({ update: null, record: { unproved: null } });
  });

  it('lets go of the version before, a while after the new one has started well', () => {
    const proved = startedWell(record, 1000);
    expect(proved).toEqual({
      ...record,
      unproved: null,
      previous: { ...previous, keptUntil: 1000 + KEPT_MS },
    });
    expect(startedWell(proved, 5000)).toBe(proved);
    expect(readStart(proved, '1.1.0', 1000 + KEPT_MS - 1)).toEqual({
      record: proved,
      update: null,
      remove: [],
    });
    expect(readStart(proved, '1.1.0', 1000 + KEPT_MS)).toEqual({
      record: { ...proved, previous: null },
      update: null,
      remove: ['/kept/1.0.0'],
    });
  });

  it('keeps it however long the new one has not started well', () => {
    expect(readStart(record, '1.1.0', Number.MAX_SAFE_INTEGER).remove).toEqual([]);
  });

  it('has nothing to go back to when the kept version runs', () => {
    const proved = startedWell(record, 0);
    expect(readStart(proved, '1.0.0', 0)).toMatchObject({
      record: { previous: null },
      remove: ['/kept/1.0.0'],
    });
    const nothingKept = { ...proved, previous: { ...previous, path: null } };
    expect(readStart(nothingKept, '1.0.0', 0).remove).toEqual([]);
  });

  it('has nothing to say without an update', () => {
    const plain: UpdateRecord = { place: 0, seen: null, previous: null, unproved: null };
    expect(readStart(plain, '1.0.0', 0)).toEqual({ record: plain, update: null, remove: [] });
    expect(startedWell(plain, 0)).toBe(plain);
  });
});
