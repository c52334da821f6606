import { expect, test } from 'vitest';
import {
  checkDraft,
  defaultLabel,
  fieldPath,
  isDefault,
  isSet,
  matchesSetting,
  patchOf,
  rangeText,
  settingFields,
  toText,
} from '../../../../renderer/features/settings/fields.ts';
import { countWork, groupPlan, planSentence } from '../../../../renderer/features/settings/plan-text.ts';
import { parsePreferences } from '../../../../renderer/features/shell/preferences.ts';
import { plainText } from '../../../../shared/models/message.ts';
import { defaultSettings } from '../../../../shared/models/settings.ts';
import type { ImportEntry } from '../../../../shared/models/transfer.ts';

/** They have a switch, a list or a page of their own. */
const elsewhere = ['fleet.simulated', 'api.indexToken'];

test('every setting has its field, or a place of its own', () => {
  const all = Object.entries(defaultSettings).flatMap(([section, values]) =>
    Object.keys(values).map((key) => `${section}.${key}`),
  );
  expect(all.filter((path) => !elsewhere.includes(path)).toSorted()).toEqual(
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
  ['fleet.lookIntervalMs', 'soon', 'Enter a number.'],
  ['fleet.lookIntervalMs', '', 'Enter a number.'],
  ['index.batchSize', '0', 'At least 1.'],
  [
    'optimizer.webhookUrl',
    'ftp://x',
    'Enter an address that starts with http:// or https://, or leave it empty.',
  ],
  ['desktop.shortcut', 'P', 'Enter a shortcut such as CommandOrControl+Alt+P, or leave it empty.'],
  ['power.helloPort', '80', 'Enter a port from 1024 to 65535, or leave it empty.'],
  ['gateway.port', '70000', 'Enter a port from 0 to 65535.'],
  ['gateway.listen', 'everybody', 'Choose one of these.'],
  ['power.helloPort', 'none', 'Enter a port from 1024 to 65535, or leave it empty.'],
  ['power.holder', 'x'.repeat(61), 'Enter at most 60 characters, or leave it empty.'],
  ['optimizer.priorityModels', 'x'.repeat(201), 'At most 200 characters per line.'],
  ['optimizer.priorityModels', 'x\n'.repeat(101), 'At most 100 lines.'],
  ['optimizer.webhookUrl', `http://${'x'.repeat(2000)}`, 'At most 2000 characters.'],
])('%s refuses %j', (path, text, words) => {
  expect(checkDraft(defaultSettings, { [path]: text })).toEqual({ [path]: words });
});

const withHook = { ...defaultSettings, power: { ...defaultSettings.power, webhookUrl: { set: true } } };

test('a secret is never in its box; it is set, replaced, removed, or left as it is', () => {
  const hook = settingFields.find((field) => fieldPath(field) === 'power.webhookUrl');
  if (!hook) throw new Error('The webhook has no field.');
  const settings = withHook;
  expect([isSet(settings, hook), isSet(defaultSettings, hook)]).toEqual([true, false]);
  expect(toText(settings, hook)).toBe('');
  expect(patchOf(settings, { 'power.webhookUrl': '' })).toEqual({});
  expect(patchOf(settings, { 'power.webhookUrl': ' https://a.test/x ' })).toEqual({
    power: { webhookUrl: 'https://a.test/x' },
  });
  expect(patchOf(settings, { 'power.webhookUrl': null })).toEqual({ power: { webhookUrl: null } });
  expect(checkDraft(settings, { 'power.webhookUrl': null })).toEqual({});
});

test('defaults as text', () => {
  const words = Object.fromEntries(settingFields.map((field) => [fieldPath(field), defaultLabel(field)]));
  expect(words).toMatchObject({
    'fleet.lookIntervalMs': '5 s',
    'optimizer.intervalMs': '5 min',
    'optimizer.on': 'on',
    'optimizer.priorityModels': 'mxbai-embed-large, llama3.1',
    'optimizer.webhookUrl': 'none',
    'index.maxFileBytes': '20 MB',
    'gateway.listen': 'This computer only',
  });
});

const field = (path: string) => {
  const found = settingFields.find((one) => fieldPath(one) === path);
  if (!found) throw new Error(`${path} has no field.`);
  return found;
};

test('the range is that of the schema, as text', () => {
  expect(rangeText(field('fleet.lookIntervalMs'))).toBe('1 s to 10 min');
  expect(rangeText(field('index.batchSize'))).toBe('1 to 512');
  expect(rangeText(field('optimizer.on'))).toBeNull();
  for (const one of settingFields) {
    const number = ['seconds', 'minutes', 'megabytes', 'number', 'decimal', 'port'].includes(one.kind);
    expect(rangeText(one) !== null, fieldPath(one)).toBe(number);
  }
});

test('a setting knows whether its box says the default', () => {
  const look = field('fleet.lookIntervalMs');
  expect(isDefault(defaultSettings, look, undefined)).toBe(true);
  expect(isDefault(defaultSettings, look, '5,0')).toBe(true);
  expect(isDefault(defaultSettings, look, '6')).toBe(false);
  expect(isDefault(defaultSettings, field('desktop.shortcut'), '')).toBe(true);
  const hook = field('power.webhookUrl');
  expect([isDefault(withHook, hook, undefined), isDefault(withHook, hook, null)]).toEqual([false, true]);
});

test('a combination of keys is taken, and emptied', () => {
  const set = { ...defaultSettings, desktop: { ...defaultSettings.desktop, shortcut: 'Alt+P' } };
  expect(checkDraft(set, { 'desktop.shortcut': 'Ctrl+Alt+P' })).toEqual({});
  expect(patchOf(set, { 'desktop.shortcut': ' ' })).toEqual({ desktop: { shortcut: null } });
  expect(checkDraft(set, { 'desktop.shortcut': ' ' })).toEqual({});
});

test('other models to use are a line for each', () => {
  const path = 'gateway.fallbacks';
  const saved = [{ model: 'qwen3:32b', use: ['qwen3:8b', 'llama3.1'] }];
  const settings = { ...defaultSettings, gateway: { ...defaultSettings.gateway, fallbacks: saved } };
  expect(toText(settings, field(path))).toBe('qwen3:32b = qwen3:8b, llama3.1');
  const patched = (text: string) => patchOf(defaultSettings, { [path]: text }).gateway?.fallbacks;
  expect(patched(' qwen3:32b=qwen3:8b , llama3.1,\n\n')).toEqual(saved);
  expect(checkDraft(defaultSettings, { [path]: 'a = b\nc = d, e' })).toEqual({});
  const refused = (text: string) => Object.keys(checkDraft(defaultSettings, { [path]: text }));
  const many = Array.from({ length: 11 }, (_, index) => `m${index}`).join(',');
  for (const text of ['a', 'a =', '= b', 'a = b = c', `a = ${many}`, `a = ${'x'.repeat(301)}`])
    expect(refused(text), text).toEqual([path]);
  expect(refused('a = b\n'.repeat(101))).toEqual([path]);
  expect([isDefault(settings, field(path), undefined), isDefault(settings, field(path), '')]).toEqual([
    false,
    true,
  ]);
});

test('the weight of the load may be a part of one', () => {
  expect(patchOf(defaultSettings, { 'gateway.beta': '0,5' })).toEqual({ gateway: { beta: 0.5 } });
  expect(Object.keys(checkDraft(defaultSettings, { 'gateway.beta': '101' }))).toEqual(['gateway.beta']);
});

test('settings are found by name, meaning, section and path', () => {
  const found = (text: string) => settingFields.filter((one) => matchesSetting(one, text)).map(fieldPath);
  expect(found('check machines every')).toEqual(['fleet.lookIntervalMs']);
  expect(found('BATCHSIZE')).toEqual(['index.batchSize', 'runner.batchSize']);
  expect(found('tray')).toContain('desktop.closeToTray');
  expect(found('')).toHaveLength(settingFields.length);
  expect(found('no such thing')).toEqual([]);
});

test('a plan lists errors first, and how much it would change', () => {
  const entry = (action: ImportEntry['action']): ImportEntry => ({
    action,
    kind: 'setting',
    what: action,
    message: plainText(''),
  });
  const plan = { applied: false, possible: true, entries: [entry('same'), entry('add'), entry('change')] };
  expect(groupPlan(plan).map(({ action }) => action)).toEqual(['add', 'change', 'same']);
  expect([countWork(plan), planSentence(plan)]).toEqual([2, '2 changes. Nothing has been changed yet.']);
  const refused = { ...plan, possible: false, entries: [entry('add'), entry('refuse')] };
  expect(groupPlan(refused)[0]?.action).toBe('refuse');
  expect(planSentence(refused)).toBe('Fix these errors before importing.');
  expect(planSentence({ ...plan, entries: [entry('same'), entry('leave-out')] })).toMatch(/^Nothing to do/);
});

test('preferences that are damaged or unknown are as at first', () => {
  const atFirst = { theme: 'system', density: 'comfortable', fleet: 'auto' };
  for (const text of [null, '', '{', '7', 'null', '{"theme":"pink","density":3,"fleet":"tiles"}']) {
    expect(parsePreferences(text)).toEqual(atFirst);
  }
  expect(parsePreferences('{"theme":"dark","density":"compact","fleet":"rows"}')).toEqual({
    theme: 'dark',
    density: 'compact',
    fleet: 'rows',
  });
});
