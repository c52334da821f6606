import { describe, expect, it } from 'vitest';
import { applyPatch, readSettings } from '../../../electron/core/settings/read.ts';
import { defaultSettings } from '../../../shared/models/settings.ts';

describe('reading saved settings', () => {
  it('gives defaults where nothing was saved', () => {
    expect(readSettings(null)).toEqual({ settings: defaultSettings, problems: [] });
  });

  it('keeps the good parts and puts defaults in place of a broken one, and says which', () => {
    const saved = {
      ...defaultSettings,
      optimizer: { on: 'maybe' },
      index: { ...defaultSettings.index, batchSize: 8 },
    };
    const { settings, problems } = readSettings(saved);
    expect(settings.optimizer).toEqual(defaultSettings.optimizer);
    expect(settings.index.batchSize).toBe(8);
    expect(problems.join()).toContain('optimizer.on');
  });

  it.each([[42], ['text'], [[1, 2]]])('takes %j for nothing at all', (saved) => {
    const { settings, problems } = readSettings(saved);
    expect(settings).toEqual(defaultSettings);
    expect(problems).toHaveLength(1);
  });
});

describe('changing settings', () => {
  it('changes only what is named', () => {
    const result = applyPatch(defaultSettings, { optimizer: { on: false } });
    expect(result).toEqual({
      ok: true,
      settings: { ...defaultSettings, optimizer: { ...defaultSettings.optimizer, on: false } },
    });
  });

  it('replaces lists instead of merging them', () => {
    const result = applyPatch(defaultSettings, { optimizer: { priorityModels: ['*'] } });
    expect(result.ok && result.settings.optimizer.priorityModels).toEqual(['*']);
  });

  it('refuses a value out of range, naming the field', () => {
    const result = applyPatch(defaultSettings, { fleet: { lookIntervalMs: 5 }, optimizer: { on: false } });
    expect(result).toMatchObject({ ok: false, problems: [{ path: 'fleet.lookIntervalMs' }] });
  });

  it('refuses a name that does not exist', () => {
    const result = applyPatch(defaultSettings, { optimizer: { onn: false } });
    expect(result).toEqual({
      ok: false,
      problems: [{ path: 'optimizer.onn', message: 'there is no such setting' }],
    });
  });
});
