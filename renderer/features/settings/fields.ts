import { defaultSettings, type Settings, settingsSchema } from '../../../shared/models/settings.ts';
import { formatBytes, formatDuration } from '../../../shared/units.ts';
import { type FieldKind, fieldPath, type Section, type SettingField, settingFields } from './catalogue.ts';

export * from './catalogue.ts';

const scale: Partial<Record<FieldKind, number>> = {
  seconds: 1000,
  minutes: 60_000,
  megabytes: 1_000_000,
  number: 1,
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
  if (kind === 'text' || kind === 'secret') return trimmed === '' ? null : trimmed;
  const number = Number(trimmed.replace(',', '.'));
  return trimmed === '' || Number.isNaN(number) ? trimmed : Math.round(number * (scale[kind] ?? 1));
}

/** The default, in words. */
export function defaultWords(field: SettingField): string {
  const value = valueAt(defaultSettings, field);
  if (Array.isArray(value)) return value.join(', ');
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (typeof value === 'number') {
    if (field.kind === 'seconds' || field.kind === 'minutes') return formatDuration(value);
    return field.kind === 'megabytes' ? formatBytes(value) : String(value);
  }
  return 'none';
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
      if (field?.kind !== 'text' && field?.kind !== 'secret') checked[key] = value;
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
  if (field.kind === 'secret') return text.length >= 8;
  return /^https?:\/\//i.test(text) && URL.canParse(text);
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
  if (field.kind === 'secret') return 'Write eight letters or more, or leave it empty.';
  if (field.kind === 'text')
    return 'Write an address that begins with http:// or https://, or leave it empty.';
  return issue.message;
}
