import { defaultSettings, type Settings, settingsSchema } from '../../../shared/models/settings.ts';
import { formatBytes, formatDuration } from '../../../shared/units.ts';

type Section = keyof Settings;

/** How a value is written by a person: in another unit, one a line, or empty for none. */
export type FieldKind =
  | 'switch'
  | 'seconds'
  | 'minutes'
  | 'megabytes'
  | 'number'
  | 'lines'
  | 'text'
  | 'secret';

export interface SettingField {
  section: Section;
  key: string;
  kind: FieldKind;
  label: string;
  about: string;
}

export const sectionTitles: Record<Section, { title: string; about: string }> = {
  fleet: { title: 'Fleet', about: 'How machines are looked at.' },
  power: { title: 'Power', about: 'How machines are woken.' },
  optimizer: {
    title: 'Optimizer',
    about: 'Which models belong on a GPU, and who is told when one does not stay there.',
  },
  index: {
    title: 'Index',
    about: 'How files are read and cut. What is indexed already stays as it is until it is rebuilt.',
  },
  api: { title: 'Programs', about: 'What other programs on this computer may use.' },
};

export const settingFields: readonly SettingField[] = [
  {
    section: 'fleet',
    key: 'lookIntervalMs',
    kind: 'seconds',
    label: 'Look at each machine every',
    about: 'A machine that does not answer is looked at less often.',
  },
  {
    section: 'fleet',
    key: 'lookTimeoutMs',
    kind: 'seconds',
    label: 'A look may take',
    about: 'A machine that takes longer counts as not answering.',
  },
  {
    section: 'power',
    key: 'wakeTimeoutMs',
    kind: 'seconds',
    label: 'A wake may take',
    about: 'Until the boot time of a machine has been learned.',
  },
  {
    section: 'optimizer',
    key: 'on',
    kind: 'switch',
    label: 'Optimizer',
    about: 'Moves priority models to the GPU by itself, and says why.',
  },
  {
    section: 'optimizer',
    key: 'intervalMs',
    kind: 'minutes',
    label: 'Look every',
    about: 'And at once by “Look now” on the Models page.',
  },
  {
    section: 'optimizer',
    key: 'priorityModels',
    kind: 'lines',
    label: 'Priority models',
    about: 'One a line: a name, a name with its tag, or a pattern with *. A single * means all.',
  },
  {
    section: 'optimizer',
    key: 'webhookUrl',
    kind: 'text',
    label: 'Webhook',
    about: 'This address is told when a priority model fell to the CPU.',
  },
  {
    section: 'index',
    key: 'maxFileBytes',
    kind: 'megabytes',
    label: 'Largest file',
    about: 'A larger file is left out, and the run says so.',
  },
  {
    section: 'index',
    key: 'chunkTokens',
    kind: 'number',
    label: 'Tokens in a passage',
    about: 'Shorter passages are found more exactly, longer ones hold more context.',
  },
  {
    section: 'index',
    key: 'batchSize',
    kind: 'number',
    label: 'Passages in a request',
    about: 'How many are sent to an embedding model at once.',
  },
  {
    section: 'api',
    key: 'indexToken',
    kind: 'secret',
    label: 'Token for /index',
    about:
      'Programs send it as a Bearer token. Eight letters at least; without one only the panel’s own tokens get in.',
  },
];

export const fieldPath = (field: Pick<SettingField, 'section' | 'key'>) => `${field.section}.${field.key}`;

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
