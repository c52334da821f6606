import { expect, test } from 'vitest';
import * as z from 'zod';
import { hoursText, readHours } from '../../../../renderer/features/settings/hours-text.ts';
import { brokenPart, type Rule, rules } from '../../../../renderer/features/settings/rules.ts';
import {
  defaultSettings,
  savedSettingsSchema,
  secretSettingNames,
  secretSettings,
} from '../../../../shared/models/settings.ts';

interface JsonSchema {
  type?: string;
  enum?: string[];
  default?: unknown;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
}

/** What the rule of a setting has to be, by its schema. Which texts it accepts is compared by examples. */
function ruleBySchema(schema: JsonSchema, byDefault = schema.default): Omit<Rule, 'accepts'> | object {
  const inner = schema.anyOf?.find(({ type }) => type !== 'null') ?? schema;
  if (inner.properties?.from) return { is: 'hours', byDefault };
  const lengths = ({ minLength = 0, maxLength }: JsonSchema) => ({ least: minLength, most: maxLength });
  if (inner.enum) return { is: 'choice', byDefault, options: inner.enum };
  switch (inner.type) {
    case 'boolean':
      return { is: 'switch', byDefault };
    case 'number':
    case 'integer':
      return { is: 'number', byDefault, least: inner.minimum, most: inner.maximum };
    case 'array': {
      const { model, use, wake, slots } = inner.items?.properties ?? {};
      if (inner.items?.enum) return { is: 'choices', byDefault, options: inner.items.enum };
      if (inner.items?.oneOf) return { is: 'context-rules', byDefault, lines: inner.maxItems };
      if (wake) return { is: 'policies', byDefault, lines: inner.maxItems };
      if (slots) return { is: 'slots', byDefault, lines: inner.maxItems };
      if (model)
        return { is: 'fallbacks', byDefault, ...lengths(model), lines: inner.maxItems, each: use?.maxItems };
      return { is: 'lines', byDefault, ...lengths(inner.items ?? {}), lines: inner.maxItems };
    }
    default:
      return { is: 'text', byDefault, ...lengths(inner) };
  }
}

test('every setting has the limits and the default of its schema', () => {
  const expected: Record<string, unknown> = {};
  const schema = z.toJSONSchema(savedSettingsSchema, { io: 'input' }) as JsonSchema;
  for (const [section, { properties }] of Object.entries(schema.properties ?? {})) {
    for (const [key, one] of Object.entries(properties ?? {}))
      expected[`${section}.${key}`] = ruleBySchema(one);
  }
  for (const path of secretSettingNames) {
    const one = z.toJSONSchema(secretSettings[path]) as JsonSchema;
    expected[path] = { ...ruleBySchema(one, null), is: 'secret' };
  }
  // It has a switch of its own, on the Fleet page.
  delete expected['fleet.simulated'];
  // It is a key of the part "Access".
  delete expected['api.indexToken'];
  const here = Object.entries(rules).map(([path, rule]) => [
    path,
    'accepts' in rule ? { ...rule, accepts: undefined } : rule,
  ]);
  expect(Object.fromEntries(here)).toEqual(expected);
});

const texts = [
  'P',
  'Ctrl+',
  'Ctrl+P',
  'ctrl+p',
  'CommandOrControl+Alt+P',
  'Alt+F24',
  'Alt+F25',
  'Shift+Super+PageDown',
  'Hyper+P',
  'Ctrl+Alt',
  'http://a',
  'HTTPS://a.example:8080/path?token=1#x',
  'https:a',
  'http:/a',
  'http://',
  'ftp://a',
  'a.example',
  'javascript:alert(1)',
  'http://a b/',
  `https://a/${'x'.repeat(2000)}`,
  'seven77',
  'eight888',
  'x'.repeat(61),
  'x'.repeat(1001),
  'me@example.org',
  'a@b@c',
  'Me <me@example.org>',
  `${'x'.repeat(250)}@host`,
  'https://ntfy.sh/',
  'https://:tk_1@ntfy.sh/topic',
  'smtp://mail.example',
  'smtps://me%40example.org:p%40ss@mail.example:465',
  'smtp://mail.example/inbox',
  'smtp://',
];

test.each(Object.entries(rules).filter(([, { is }]) => is === 'text' || is === 'secret'))(
  '%s accepts what its schema accepts',
  (path, rule) => {
    const [section = '', key = ''] = path.split('.');
    const secret = secretSettingNames.find((name) => name === path);
    const accepts = (text: string) => {
      if (secret) return secretSettings[secret].safeParse(text).success;
      const settings: Record<string, object> = defaultSettings;
      return savedSettingsSchema.safeParse({ [section]: { ...settings[section], [key]: text } }).success;
    };
    for (const text of texts) {
      expect(brokenPart(rule, text) === null, text).toBe(accepts(text));
    }
  },
);

test('quiet hours have a beginning and another end', () => {
  const rule = rules['notifications.quietHours'];
  expect(brokenPart(rule, readHours('22:00 07:00'))).toBeNull();
  expect(brokenPart(rule, readHours(''))).toBeNull();
  for (const text of ['22:00 ', ' 07:00', '22:00 22:00', 'night', '22:00 07:00 09:00', '25:00 07:00']) {
    expect(brokenPart(rule, readHours(text)), text).toBe('form');
  }
  expect(hoursText({ from: 1320, to: 420 })).toBe('22:00 07:00');
});

test('a value of another kind is refused, and nothing only where nothing may stand', () => {
  const number: Rule = { is: 'number', byDefault: 1, least: 0, most: 9 };
  expect([brokenPart(number, '7'), brokenPart(number, null), brokenPart(number, 7)]).toEqual([
    'form',
    'form',
    null,
  ]);
  expect(brokenPart({ ...number, byDefault: null }, null)).toBeNull();
  expect(brokenPart({ is: 'switch', byDefault: true }, 'true')).toBe('form');
  const lines: Rule = { is: 'lines', byDefault: [], least: 1, most: 3, lines: 2 };
  expect(brokenPart(lines, ['a', 'b'])).toBeNull();
  expect(brokenPart(lines, ['a', 'bbbb'])).toBe('most');
  expect(brokenPart(lines, ['a', 'b', 'c'])).toBe('lines');
});
