import { describe, expect, it } from 'vitest';
import { applyPatch, readSettings, showSettings } from '../../../../electron/core/settings/read.ts';
import { fact } from '../../../../shared/models/message.ts';
import {
  defaultSettings,
  savedSettingsSchema,
  secretSettingNames,
} from '../../../../shared/models/settings.ts';

const defaults = savedSettingsSchema.parse({});

describe('reading saved settings', () => {
  it('gives defaults where nothing was saved', () => {
    expect(readSettings(null)).toEqual({ settings: defaults, problems: [] });
  });

  it('keeps the good parts and puts defaults in place of a broken one, and says which', () => {
    const saved = {
      ...defaultSettings,
      optimizer: { on: 'maybe' },
      index: { ...defaultSettings.index, batchSize: 8 },
    };
    const { settings, problems } = readSettings(saved);
    expect(settings.optimizer).toEqual(defaults.optimizer);
    expect(settings.index.batchSize).toBe(8);
    expect(problems.map(({ path }) => path)).toContain('optimizer.on');
  });

  it.each([[42], ['text'], [[1, 2]]])('takes %j for nothing at all', (saved) => {
    const { settings, problems } = readSettings(saved);
    expect(settings).toEqual(defaults);
    expect(problems).toHaveLength(1);
  });
});

describe('changing settings', () => {
  it('changes only what is named', () => {
    const result = applyPatch(defaultSettings, { optimizer: { on: false } });
    expect(result).toEqual({
      ok: true,
      settings: { ...defaults, optimizer: { ...defaults.optimizer, on: false } },
      secrets: {},
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

  it.each([
    [{ api: { indexToken: 'long-enough' } }, { 'api.indexToken': 'long-enough' }],
    [{ optimizer: { webhookUrl: null } }, { 'optimizer.webhookUrl': null }],
    [{ api: { indexToken: { set: false } } }, {}],
    [{}, {}],
  ])('takes the secrets out of %j', (patch, secrets) => {
    expect(applyPatch(defaultSettings, patch)).toEqual({ ok: true, settings: defaults, secrets });
  });

  it.each([
    [{ api: { indexToken: 'short' } }, 'api.indexToken'],
    [{ api: { indexToken: 'two words' } }, 'api.indexToken'],
    [{ api: { indexToken: 'passé-partout' } }, 'api.indexToken'],
    [{ power: { webhookUrl: 'http://token@two hosts/' } }, 'power.webhookUrl'],
    [{ api: { indexToken: { set: true } } }, 'api.indexToken'],
    [{ api: { indexToken: 12345678 } }, 'api.indexToken'],
    [{ optimizer: { webhookUrl: 'ftp://token@host/' } }, 'optimizer.webhookUrl'],
    [{ api: null }, 'api'],
    [{ optimizer: 'all' }, 'optimizer'],
  ])('refuses %j, and does not repeat the value', (patch, path) => {
    const result = applyPatch(defaultSettings, patch);
    expect(result).toMatchObject({ ok: false, problems: [{ path }] });
    expect(JSON.stringify(result)).not.toMatch(/short|token@host|12345678/);
  });

  it('refuses a name that does not exist', () => {
    const result = applyPatch(defaultSettings, { optimizer: { onn: false } });
    expect(result).toEqual({
      ok: false,
      problems: [{ path: 'optimizer.onn', message: fact('NO_SUCH_SETTING') }],
    });
  });
});

it.each(secretSettingNames)('shows of %s whether it is set, and of no other', (name) => {
  const shown = showSettings(savedSettingsSchema.parse({}), (asked) => asked === name);
  const isSet = (path: string) =>
    path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], shown);
  for (const other of secretSettingNames) expect(isSet(other)).toEqual({ set: other === name });
});
