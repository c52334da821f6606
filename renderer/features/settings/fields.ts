import type { QuietHours } from '../../../shared/models/notifications.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import { formatBytes, formatCount, formatDuration } from '../../../shared/units.ts';
import { hasWords } from '../../components/has-words.ts';
import { type FieldKind, fieldPath, type SettingField, sectionTitles, settingFields } from './catalogue.ts';
import {
  type ContextRow,
  contextRows,
  type PolicyRow,
  policyRows,
  type SlotsRow,
  savedContexts,
  savedPolicies,
  savedSlots,
  slotsRows,
} from './gateway-lists.ts';
import { hoursText, readHours } from './hours-text.ts';
import { brokenPart, type Rule, rules } from './rules.ts';

export * from './catalogue.ts';

const scale: Partial<Record<FieldKind, number>> = {
  seconds: 1000,
  minutes: 60_000,
  megabytes: 1_000_000,
  number: 1,
  port: 1,
};
export const unitLabels: Partial<Record<FieldKind, string>> = {
  seconds: 's',
  minutes: 'min',
  megabytes: 'MB',
};

function ruleOf(field: SettingField): Rule {
  const rule = (rules as Readonly<Record<string, Rule>>)[fieldPath(field)];
  if (!rule) throw new Error(`${fieldPath(field)} has no rule.`);
  return rule;
}

function valueAt(settings: Settings, field: SettingField): unknown {
  return (settings[field.section] as Record<string, unknown>)[field.key];
}

/** Whether a secret is saved: the core reports only that it is set, never its value. */
export function isSet(settings: Settings, field: SettingField): boolean {
  const value = valueAt(settings, field);
  return typeof value === 'object' && value !== null && 'set' in value && value.set === true;
}

/** The text in the field; empty for a secret. */
export const toText = (settings: Settings, field: SettingField): string =>
  textOf(valueAt(settings, field), field.kind);

/** The text in the field by default. */
export const defaultText = (field: SettingField): string => textOf(ruleOf(field).byDefault, field.kind);

function textOf(value: unknown, kind: FieldKind): string {
  if (kind === 'fallbacks') return fallbackLines(value as Fallbacks);
  if (kind === 'hours') return hoursText(value as QuietHours | null);
  if (kind === 'policies') return JSON.stringify(policyRows(value as Gateway['policies']));
  if (kind === 'slots') return JSON.stringify(slotsRows(value as Gateway['slots']));
  if (kind === 'context-rules') return JSON.stringify(contextRows(value as Gateway['contextRules']));
  if (Array.isArray(value)) return value.join('\n');
  if (typeof value === 'number') return String(value / (scale[kind] ?? 1));
  return typeof value === 'string' || typeof value === 'boolean' ? String(value) : '';
}

type Gateway = Settings['gateway'];
type Fallbacks = Gateway['fallbacks'];

const fallbackLines = (fallbacks: Fallbacks): string =>
  fallbacks.map(({ model, use }) => `${model} = ${use.join(', ')}`).join('\n');

/** A line without a model on either side stays text, so that validation refuses it. */
function readFallbacks(text: string): (Fallbacks[number] | string)[] {
  return linesOf(text).map((line) => {
    const [model = '', used, ...more] = line.split('=').map((side) => side.trim());
    const use = (used ?? '').split(',').flatMap((name) => name.trim() || []);
    return model === '' || use.length === 0 || more.length > 0 ? line : { model, use };
  });
}

const linesOf = (text: string): string[] =>
  text
    .split(/\n/)
    .map((line) => line.trim())
    .filter(Boolean);

/** The value of the text. Text that is not a number stays text, so that validation refuses it. */
function fromText(text: string, kind: FieldKind): unknown {
  const trimmed = text.trim();
  if (kind === 'switch') return trimmed === 'true';
  if (kind === 'lines' || kind === 'choices') return linesOf(trimmed);
  if (kind === 'hours') return readHours(text);
  if (kind === 'policies') return savedPolicies(JSON.parse(text) as PolicyRow[]);
  if (kind === 'slots') return savedSlots(JSON.parse(text) as SlotsRow[]);
  if (kind === 'context-rules') return savedContexts(JSON.parse(text) as ContextRow[]);
  if (kind === 'fallbacks') return readFallbacks(trimmed);
  if (kind === 'choice') return trimmed;
  if (kind === 'text' || kind === 'keys' || kind === 'name' || kind === 'node')
    return trimmed === '' ? null : trimmed;
  if (kind === 'port' && trimmed === '') return null;
  const number = Number(trimmed.replace(',', '.'));
  if (trimmed === '' || Number.isNaN(number)) return trimmed;
  return kind === 'decimal' ? number : Math.round(number * (scale[kind] ?? 1));
}

/** The default, as text. */
export function defaultLabel(field: SettingField): string {
  const value = ruleOf(field).byDefault;
  if (Array.isArray(value) && value.length === Object.keys(field.options ?? {}).length && value.length > 0)
    return 'all';
  if (Array.isArray(value))
    return value.map((one: string) => field.options?.[one] ?? one).join(', ') || 'none';
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (typeof value === 'string') return field.options?.[value] ?? value;
  return typeof value === 'number' ? amountText(value, field.kind) : 'none';
}

function amountText(value: number, kind: FieldKind): string {
  if (kind === 'port') return String(value);
  if (kind === 'seconds' || kind === 'minutes') return formatDuration(value);
  return kind === 'megabytes' ? formatBytes(value) : formatCount(value);
}

/** The accepted range, `1 s to 10 min`; null if the setting is not a number. */
export function rangeText(field: SettingField): string | null {
  const rule = ruleOf(field);
  if (rule.is !== 'number') return null;
  return `${amountText(rule.least, field.kind)} to ${amountText(rule.most, field.kind)}`;
}

/** Whether a field has its default value. A secret has it when none is set. */
export function isDefault(settings: Settings, field: SettingField, text: string | null | undefined): boolean {
  if (isSecret(field)) return text === null || (!isSet(settings, field) && !text);
  const now = text ?? toText(settings, field);
  const byDefault = defaultText(field);
  return now === byDefault || fromText(now, field.kind) === fromText(byDefault, field.kind);
}

export const isSecret = (field: SettingField): boolean => ruleOf(field).is === 'secret';

/** Whether each word occurs in a setting’s label, description, path or section. */
export function matchesSetting(field: SettingField, text: string): boolean {
  const section = sectionTitles[field.section].title;
  return hasWords([field.label, field.about, fieldPath(field), section].join(' '), text);
}

/** Unsaved edits by path; null removes a secret. */
export type Draft = Readonly<Record<string, string | null>>;

/** The patch for settings.update: only what the draft changes. */
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

/** Validation errors by path; empty if the draft can be saved. */
export function checkDraft(settings: Settings, draft: Draft): Record<string, string> {
  const errors: Record<string, string> = {};
  const patch = patchOf(settings, draft);
  for (const field of settingFields) {
    const values = patch[field.section];
    if (!values || !Object.hasOwn(values, field.key)) continue;
    const message = refusal(field, values[field.key]);
    if (message !== null) errors[fieldPath(field)] = message;
  }
  return errors;
}

function refusal(field: SettingField, value: unknown): string | null {
  const rule = ruleOf(field);
  const part = brokenPart(rule, value);
  if (part === null) return null;
  if (rule.is === 'fallbacks')
    return part === 'lines' ? `At most ${rule.lines} lines.` : 'Write each line as MODEL = OTHER, OTHER.';
  if (rule.is === 'policies' || rule.is === 'slots' || rule.is === 'context-rules')
    return part === 'lines' ? `At most ${rule.lines} rows.` : 'Fix the marked fields.';
  if (rule.is === 'lines')
    return part === 'lines' ? `At most ${rule.lines} lines.` : `At most ${rule.most} characters per line.`;
  if (field.kind === 'port' && rule.is === 'number') {
    const orEmpty = rule.byDefault === null ? ', or leave it empty' : '';
    return `Enter a port from ${rule.least} to ${rule.most}${orEmpty}.`;
  }
  if (rule.is === 'choice') return 'Choose one of these.';
  if (field.kind === 'name') return 'Enter at most 60 characters, or leave it empty.';
  if (field.kind === 'keys') return 'Enter a shortcut such as CommandOrControl+Alt+P, or leave it empty.';
  if (rule.is === 'secret' || rule.is === 'text') {
    if (part === 'most') return `At most ${rule.most} characters.`;
    return 'Enter an address that starts with http:// or https://, or leave it empty.';
  }
  if (rule.is !== 'number' || part === 'form') return 'Enter a number.';
  const factor = scale[field.kind] ?? 1;
  const unit = unitLabels[field.kind] ? ` ${unitLabels[field.kind]}` : '';
  return part === 'least'
    ? `At least ${rule.least / factor}${unit}.`
    : `At most ${Math.round((rule.most / factor) * 10) / 10}${unit}.`;
}
