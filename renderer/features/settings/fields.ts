import * as z from 'zod';
import {
  defaultSettings,
  isSecretSetting,
  type Settings,
  secretSettings,
  settingsSchema,
} from '../../../shared/models/settings.ts';
import { formatBytes, formatCount, formatDuration } from '../../../shared/units.ts';
import {
  type FieldKind,
  fieldPath,
  type Section,
  type SettingField,
  sectionTitles,
  settingFields,
} from './catalogue.ts';

export * from './catalogue.ts';

const scale: Partial<Record<FieldKind, number>> = {
  seconds: 1000,
  minutes: 60_000,
  megabytes: 1_000_000,
  number: 1,
  port: 1,
};
export const unitWords: Partial<Record<FieldKind, string>> = {
  seconds: 's',
  minutes: 'min',
  megabytes: 'MB',
};

function valueAt(settings: Settings, field: SettingField): unknown {
  return (settings[field.section] as Record<string, unknown>)[field.key];
}

/** Whether a value is saved that is never shown: the core says of a secret only that it is set. */
export function isSet(settings: Settings, field: SettingField): boolean {
  const value = valueAt(settings, field);
  return typeof value === 'object' && value !== null && 'set' in value && value.set === true;
}

/** What stands in the box; nothing for a secret. */
export function toText(settings: Settings, field: SettingField): string {
  const value = valueAt(settings, field);
  if (typeof value === 'object' && value !== null && 'set' in value) return '';
  if (Array.isArray(value)) return value.join('\n');
  if (typeof value === 'number') return String(value / (scale[field.kind] ?? 1));
  return value === null || value === undefined ? '' : String(value);
}

/** What the box means. Text that is no number stays text, so that the schema refuses it. */
export function fromText(text: string, kind: FieldKind): unknown {
  const trimmed = text.trim();
  if (kind === 'switch') return trimmed === 'true';
  if (kind === 'lines')
    return trimmed
      .split(/\n/)
      .map((line) => line.trim())
      .filter(Boolean);
  if (kind === 'text' || kind === 'secret' || kind === 'keys' || kind === 'name')
    return trimmed === '' ? null : trimmed;
  if (kind === 'port' && trimmed === '') return null;
  const number = Number(trimmed.replace(',', '.'));
  return trimmed === '' || Number.isNaN(number) ? trimmed : Math.round(number * (scale[kind] ?? 1));
}

/** The default, in words. */
export function defaultWords(field: SettingField): string {
  const value = valueAt(defaultSettings, field);
  if (Array.isArray(value)) return value.join(', ');
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return typeof value === 'number' ? amountWords(value, field.kind) : 'none';
}

function amountWords(value: number, kind: FieldKind): string {
  if (kind === 'port') return String(value);
  if (kind === 'seconds' || kind === 'minutes') return formatDuration(value);
  return kind === 'megabytes' ? formatBytes(value) : formatCount(value);
}

/** `1 s to 10 min`: what the schema lets through; null where it is no number. */
export function rangeWords(field: SettingField): string | null {
  const section: Readonly<Record<string, unknown>> = settingsSchema.shape[field.section].unwrap().shape;
  const schema = section[field.key];
  const inner = schema instanceof z.ZodDefault ? schema.unwrap() : schema;
  const number = inner instanceof z.ZodNullable ? inner.unwrap() : inner;
  if (!(number instanceof z.ZodNumber) || number.minValue === null || number.maxValue === null) return null;
  return `${amountWords(number.minValue, field.kind)} to ${amountWords(number.maxValue, field.kind)}`;
}

/** Whether a box says the default. A secret is at its default when none is set. */
export function isDefault(settings: Settings, field: SettingField, text: string | null | undefined): boolean {
  if (isSecret(field)) return text === null || (!isSet(settings, field) && !text);
  const now = text ?? toText(settings, field);
  const byDefault = toText(defaultSettings, field);
  return now === byDefault || fromText(now, field.kind) === fromText(byDefault, field.kind);
}

export const isSecret = (field: SettingField): boolean => isSecretSetting(fieldPath(field));

/** Whether each word stands in what is said of a setting. */
export function matchesSetting(field: SettingField, text: string): boolean {
  const said = [field.label, field.about, fieldPath(field), sectionTitles[field.section].title]
    .join(' ')
    .toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .every((word) => said.includes(word));
}

/** What is written but not saved, by path; null takes a secret away. */
export type Draft = Readonly<Record<string, string | null>>;

/** The nested object for settings.update: what the draft changes, and nothing else. */
export function patchOf(settings: Settings, draft: Draft): Record<string, Record<string, unknown>> {
  const patch: Record<string, Record<string, unknown>> = {};
  for (const field of settingFields) {
    const text = draft[fieldPath(field)];
    if (text === undefined || text === toText(settings, field)) continue;
    patch[field.section] = {
      ...patch[field.section],
      [field.key]: text === null ? null : fromText(text, field.kind),
    };
  }
  return patch;
}

/** What is said against a draft, by path; empty when all of it can be saved. */
export function checkDraft(settings: Settings, draft: Draft): Record<string, string> {
  const errors: Record<string, string> = {};
  const merged: Record<string, unknown> = { ...settings };
  for (const [section, values] of Object.entries(patchOf(settings, draft))) {
    const checked: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(values)) {
      const field = settingFields.find((one) => one.section === section && one.key === key);
      // A secret is seen in another shape than it is written in, so the schema of what is seen cannot judge it.
      if (!field || !isSecret(field)) checked[key] = value;
      else if (typeof value === 'string' && !isAcceptable(field, value)) {
        errors[fieldPath(field)] = refusal(field, { message: '' });
      }
    }
    merged[section] = { ...settings[section as Section], ...checked };
  }
  const parsed = settingsSchema.safeParse(merged);
  if (parsed.success) return errors;
  for (const issue of parsed.error.issues) {
    const path = issue.path.slice(0, 2).map(String).join('.');
    const field = settingFields.find((one) => fieldPath(one) === path);
    errors[path] ??= field ? refusal(field, issue) : issue.message;
  }
  return errors;
}

function isAcceptable(field: SettingField, text: string): boolean {
  const path = fieldPath(field);
  return isSecretSetting(path) && secretSettings[path].safeParse(text).success;
}

interface Issue {
  code?: string | undefined;
  minimum?: unknown;
  maximum?: unknown;
  message: string;
}

function refusal(field: SettingField, issue: Issue): string {
  const factor = scale[field.kind];
  const unit = unitWords[field.kind] ? ` ${unitWords[field.kind]}` : '';
  if (factor !== undefined) {
    if (issue.code === 'too_small') return `At least ${Number(issue.minimum) / factor}${unit}.`;
    if (issue.code === 'too_big')
      return `At most ${Math.round((Number(issue.maximum) / factor) * 10) / 10}${unit}.`;
    return 'Write a number.';
  }
  if (field.kind === 'name') return 'Write at most 60 letters, or leave it empty.';
  if (field.kind === 'keys') return 'Write keys like CommandOrControl+Alt+P, or leave it empty.';
  if (field.kind === 'secret') return 'Write eight letters or more, or leave it empty.';
  if (field.kind === 'text')
    return 'Write an address that begins with http:// or https://, or leave it empty.';
  return issue.message;
}
