import { describe, expect, test } from 'vitest';
import * as activity from '../../../../renderer/features/activity/filter.ts';
import { readVramOf, vramOfHash } from '../../../../renderer/features/fleet/fleet-address.ts';
import * as models from '../../../../renderer/features/models/address.ts';
import { readSettings, settingsHash } from '../../../../renderer/features/settings/address.ts';
import { readTexts, textsHash } from '../../../../renderer/features/tasks/filter.ts';

/** Names and texts come from people and machines. */
const odd = 'a b&c=#?%é';

describe('what pages have in their address is read as it was written', () => {
  test('the filter of the Activity', () => {
    const filter: activity.ActivityFilter = {
      kinds: new Set(['power', 'index']),
      severities: new Set(['error']),
      nodeId: odd,
      text: odd,
    };
    expect(activity.readAddress(activity.addressHash(filter))).toEqual(filter);
    expect(activity.addressHash(activity.noFilter)).toBe('#/activity');
    expect(activity.readAddress('#/activity?kind=nothing,power&severity=worst&on=')).toEqual({
      ...activity.noFilter,
      kinds: new Set(['power']),
    });
    expect(activity.readAddress('#/tasks?kind=power&q=a')).toEqual(activity.noFilter);
  });

  test('the outcome of moves, and the model that is open, only if both of its names are there', () => {
    expect(models.readMovesFilter(models.movesHash({ outcome: 'failed' }))).toEqual({ outcome: 'failed' });
    expect(models.readMovesFilter('#/models?moves=nothing')).toEqual({ outcome: null });
    const open = { model: odd, nodeId: 'nas' };
    expect(models.readOpenCell(models.openCellHash(open))).toEqual(open);
    expect(models.readOpenCell('#/models?model=a')).toEqual({ model: null, nodeId: null });
  });

  test('the rest', () => {
    expect(readVramOf(vramOfHash({ nodeId: odd }))).toEqual({ nodeId: odd });
    expect(readSettings(settingsHash({ text: odd, setting: 'optimizer.on' }))).toEqual({
      text: odd,
      setting: 'optimizer.on',
    });
    expect(readTexts(textsHash({ text: odd, offset: 100 }))).toEqual({ text: odd, offset: 100 });
    for (const from of ['-1', '1e9', 'a', '9'.repeat(20)])
      expect(readTexts(`#/tasks?from=${from}`).offset).toBe(0);
  });
});
