import { fact, type Message, plainText } from '../../../shared/models/message.ts';
import {
  isSecretSetting,
  type SavedSettings,
  type SecretSetting,
  type Settings,
  savedSettingsSchema,
  secretSettingNames,
  secretSettings,
  settingsSchema,
} from '../../../shared/models/settings.ts';

export interface ReadSettings {
  settings: SavedSettings;
  /** One for each invalid value; its path is empty if nothing could be read. */
  problems: SettingProblem[];
}

/** Reads saved settings part by part: an invalid part falls back to its defaults. */
export function readSettings(saved: unknown): ReadSettings {
  const defaults = () => savedSettingsSchema.parse({});
  if (saved === null || saved === undefined) return { settings: defaults(), problems: [] };
  if (typeof saved !== 'object' || Array.isArray(saved)) {
    return { settings: defaults(), problems: [{ path: '', message: fact('SETTINGS_NOT_AN_OBJECT') }] };
  }
  const whole = savedSettingsSchema.safeParse(saved);
  if (whole.success) return { settings: whole.data, problems: [] };
  const parts: Record<string, unknown> = { ...saved };
  const broken = new Set(whole.error.issues.map((issue) => String(issue.path[0])));
  for (const part of broken) delete parts[part];
  return {
    settings: savedSettingsSchema.parse(parts),
    problems: whole.error.issues.map(problemOf),
  };
}

/** The visible settings: for a secret, only whether it is set. */
export function showSettings(saved: SavedSettings, hasSecret: (name: SecretSetting) => boolean): Settings {
  return settingsSchema.parse({
    ...saved,
    power: { ...saved.power, webhookUrl: { set: hasSecret('power.webhookUrl') } },
    optimizer: { ...saved.optimizer, webhookUrl: { set: hasSecret('optimizer.webhookUrl') } },
    index: { ...saved.index, qdrantKey: { set: hasSecret('index.qdrantKey') } },
    runner: { ...saved.runner, token: { set: hasSecret('runner.token') } },
    tasks: {
      ...saved.tasks,
      redisUrl: { set: hasSecret('tasks.redisUrl') },
      speechKey: { set: hasSecret('tasks.speechKey') },
    },
    notifications: {
      ...saved.notifications,
      ntfyUrl: { set: hasSecret('notifications.ntfyUrl') },
      chatUrl: { set: hasSecret('notifications.chatUrl') },
      mailServer: { set: hasSecret('notifications.mailServer') },
      webhookUrl: { set: hasSecret('notifications.webhookUrl') },
    },
    api: { indexToken: { set: hasSecret('api.indexToken') } },
  });
}

export interface SettingProblem {
  path: string;
  /** Never contains the value. */
  message: Message;
}

export type SecretChanges = Partial<Record<SecretSetting, string | null>>;

export type PatchResult =
  | { ok: true; settings: SavedSettings; secrets: SecretChanges }
  | { ok: false; problems: SettingProblem[] };

/**
 * Merges plain objects key by key, replaces other values, and refuses unknown names. A secret accepts its text, null to
 * remove it, or its visible form, which leaves it unchanged.
 */
export function applyPatch(settings: Settings, patch: Record<string, unknown>): PatchResult {
  const unknown = unknownFields(settings, patch, []);
  if (unknown.length > 0) {
    return {
      ok: false,
      problems: unknown.map((field) => ({ path: field, message: fact('NO_SUCH_SETTING') })),
    };
  }
  const secrets = readSecrets(settings, patch);
  const parsed = savedSettingsSchema.safeParse(merge(settings, patch));
  const problems = [
    ...secrets.problems,
    ...(parsed.error?.issues ?? []).map(problemOf),
    ...sectionProblems(settings, patch),
  ];
  if (problems.length > 0 || !parsed.success) return { ok: false, problems };
  return { ok: true, settings: parsed.data, secrets: secrets.changes };
}

/** The sentence is the schema's. */
const problemOf = ({ path, message }: { path: PropertyKey[]; message: string }): SettingProblem => ({
  path: path.map(String).join('.'),
  message: plainText(message),
});

function readSecrets(settings: Settings, patch: Record<string, unknown>) {
  const changes: SecretChanges = {};
  const problems: SettingProblem[] = [];
  for (const path of secretSettingNames) {
    const value = valueAt(patch, path);
    if (value === undefined || isVisibleForm(value, valueAt(settings, path))) continue;
    const parsed = secretSettings[path].nullable().safeParse(value);
    if (parsed.success) changes[path] = parsed.data;
    else problems.push(...parsed.error.issues.map(({ message }) => ({ path, message: plainText(message) })));
  }
  return { changes, problems };
}

/** A section with only secrets is not part of the saved settings, so its shape is checked here. */
function sectionProblems(settings: Settings, patch: Record<string, unknown>): SettingProblem[] {
  return Object.entries(patch).flatMap(([section, value]) =>
    Object.hasOwn(settings, section) && !isPlain(value) && !Object.hasOwn(savedSettingsSchema.shape, section)
      ? [{ path: section, message: fact('SETTINGS_ARE_A_GROUP') }]
      : [],
  );
}

function isVisibleForm(value: unknown, seen: unknown): boolean {
  return isPlain(value) && isPlain(seen) && value.set === seen.set && Object.keys(value).join() === 'set';
}

function valueAt(values: Record<string, unknown>, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((at, key) => (isPlain(at) && Object.hasOwn(at, key) ? at[key] : undefined), values);
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function merge(base: Record<string, unknown>, patch: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    const before = base[key];
    merged[key] = isPlain(before) && isPlain(value) ? merge(before, value) : value;
  }
  return merged;
}

function unknownFields(
  base: Record<string, unknown>,
  patch: Record<string, unknown>,
  path: string[],
): string[] {
  return Object.entries(patch).flatMap(([key, value]) => {
    const at = [...path, key].join('.');
    if (!Object.hasOwn(base, key)) return [at];
    const before = base[key];
    if (isSecretSetting(at) || !isPlain(before) || !isPlain(value)) return [];
    return unknownFields(before, value, [...path, key]);
  });
}
