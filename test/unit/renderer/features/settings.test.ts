import { expect, test } from 'vitest';
import {
  checkDraft,
  defaultWords,
  fieldPath,
  isSet,
  patchOf,
  settingFields,
  toText,
} from '../../../../renderer/features/settings/fields.ts';
import { defaultSettings } from '../../../../shared/models/settings.ts';

test('every setting has its field, but for the simulated fleet, which has a switch of its own', () => {
  const all = Object.entries(defaultSettings).flatMap(([section, values]) =>
    Object.keys(values).map((key) => `${section}.${key}`),
  );
  expect(all.filter((path) => path !== 'fleet.simulated').toSorted()).toEqual(
    settingFields.map(fieldPath).toSorted(),
  );
});

test('what is shown, saved as it is, changes nothing and is accepted', () => {
  const draft = Object.fromEntries(
    settingFields.map((field) => [fieldPath(field), toText(defaultSettings, field)]),
  );
  expect(patchOf(defaultSettings, draft)).toEqual({});
  expect(checkDraft(defaultSettings, draft)).toEqual({});
});

test('a patch holds only what was changed, in the units of the core', () => {
  const patch = patchOf(defaultSettings, {
    'fleet.lookIntervalMs': '7,5',
    'fleet.lookTimeoutMs': '4',
    'optimizer.intervalMs': '10',
    'optimizer.priorityModels': 'a\n\n b \n',
    'optimizer.webhookUrl': '',
    'index.maxFileBytes': '50',
    'optimizer.on': 'false',
  });
  expect(patch).toEqual({
    fleet: { lookIntervalMs: 7500 },
    optimizer: { intervalMs: 600_000, priorityModels: ['a', 'b'], on: false },
    index: { maxFileBytes: 50_000_000 },
  });
});

test.each([
  ['fleet.lookIntervalMs', '0.2', 'At least 1 s.'],
  ['fleet.lookIntervalMs', '9999', 'At most 600 s.'],
  ['fleet.lookIntervalMs', 'soon', 'Write a number.'],
  ['fleet.lookIntervalMs', '', 'Write a number.'],
  ['index.batchSize', '0', 'At least 1.'],
  [
    'optimizer.webhookUrl',
    'ftp://x',
    'Write an address that begins with http:// or https://, or leave it empty.',
  ],
  ['api.indexToken', 'short', 'Write eight letters or more, or leave it empty.'],
])('%s refuses %j', (path, text, words) => {
  expect(checkDraft(defaultSettings, { [path]: text })).toEqual({ [path]: words });
});

test('a secret is never in its box; it is set, replaced, removed, or left as it is', () => {
  const token = settingFields.find((field) => fieldPath(field) === 'api.indexToken');
  if (!token) throw new Error('The token has no field.');
  const settings = { ...defaultSettings, api: { indexToken: { set: true } } };
  expect([isSet(settings, token), isSet(defaultSettings, token)]).toEqual([true, false]);
  expect(toText(settings, token)).toBe('');
  expect(patchOf(settings, { 'api.indexToken': '' })).toEqual({});
  expect(patchOf(settings, { 'api.indexToken': ' new-token ' })).toEqual({
    api: { indexToken: 'new-token' },
  });
  expect(patchOf(settings, { 'api.indexToken': null })).toEqual({ api: { indexToken: null } });
  expect(checkDraft(settings, { 'api.indexToken': null })).toEqual({});
});

test('defaults are said in words', () => {
  const words = Object.fromEntries(settingFields.map((field) => [fieldPath(field), defaultWords(field)]));
  expect(words).toMatchObject({
    'fleet.lookIntervalMs': '5 s',
    'optimizer.intervalMs': '5 min',
    'optimizer.on': 'on',
    'optimizer.priorityModels': 'mxbai-embed-large, llama3.1',
    'optimizer.webhookUrl': 'none',
    'index.maxFileBytes': '20 MB',
  });
});
