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
  /** One phrase for each part that could not be used. */
  problems: string[];
}

/** Saved settings, part by part: a part that cannot be read falls back to its defaults, the others stay. */
export function readSettings(saved: unknown): ReadSettings {
  const defaults = () => savedSettingsSchema.parse({});
  if (saved === null || saved === undefined) return { settings: defaults(), problems: [] };
  if (typeof saved !== 'object' || Array.isArray(saved)) {
    return { settings: defaults(), problems: ['the saved settings are not an object'] };
  }
  const whole = savedSettingsSchema.safeParse(saved);
  if (whole.success) return { settings: whole.data, problems: [] };
  const parts: Record<string, unknown> = { ...saved };
  const broken = new Set(whole.error.issues.map((issue) => String(issue.path[0])));
  for (const part of broken) delete parts[part];
  return {
    settings: savedSettingsSchema.parse(parts),
    problems: whole.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`),
  };
}

/** What is seen: the saved settings, and of each secret whether there is one. */
export function showSettings(saved: SavedSettings, hasSecret: (name: SecretSetting) => boolean): Settings {
  return settingsSchema.parse({
    ...saved,
    power: { ...saved.power, webhookUrl: { set: hasSecret('power.webhookUrl') } },
    optimizer: { ...saved.optimizer, webhookUrl: { set: hasSecret('optimizer.webhookUrl') } },
    api: { indexToken: { set: hasSecret('api.indexToken') } },
  });
}

export interface SettingProblem {
  path: string;
  /** Never holds the value. */
  message: string;
}

export type SecretChanges = Partial<Record<SecretSetting, string | null>>;

export type PatchResult =
  | { ok: true; settings: SavedSettings; secrets: SecretChanges }
  | { ok: false; problems: SettingProblem[] };

/**
 * Merges plain objects key by key, replaces everything else, refuses names that do not exist. A secret takes its
 * text, null for none, or just what is seen of it, which leaves it as it is.
 */
export function applyPatch(settings: Settings, patch: Record<string, unknown>): PatchResult {
  const unknown = unknownFields(settings, patch, []);
  if (unknown.length > 0) {
    return {
      ok: false,
      problems: unknown.map((field) => ({ path: field, message: 'there is no such setting' })),
    };
  }
  const secrets = readSecrets(settings, patch);
  const parsed = savedSettingsSchema.safeParse(merge(settings, patch));
  const problems = [
    ...secrets.problems,
    ...(parsed.error?.issues ?? []).map((issue) => ({ path: issue.path.join('.'), message: issue.message })),
    ...sectionProblems(settings, patch),
  ];
  if (problems.length > 0 || !parsed.success) return { ok: false, problems };
  return { ok: true, settings: parsed.data, secrets: secrets.changes };
}

function readSecrets(settings: Settings, patch: Record<string, unknown>) {
  const changes: SecretChanges = {};
  const problems: SettingProblem[] = [];
  for (const path of secretSettingNames) {
    const written = valueAt(patch, path);
    if (written === undefined || isWhatIsSeen(written, valueAt(settings, path))) continue;
    const parsed = secretSettings[path].nullable().safeParse(written);
    if (parsed.success) changes[path] = parsed.data;
    else problems.push(...parsed.error.issues.map(({ message }) => ({ path, message })));
  }
  return { changes, problems };
}

/** A section that only holds secrets is not part of what is saved, so its shape is checked here. */
function sectionProblems(settings: Settings, patch: Record<string, unknown>): SettingProblem[] {
  return Object.entries(patch).flatMap(([section, value]) =>
    Object.hasOwn(settings, section) && !isPlain(value) && !Object.hasOwn(savedSettingsSchema.shape, section)
      ? [{ path: section, message: 'this is a group of settings' }]
      : [],
  );
}

function isWhatIsSeen(written: unknown, seen: unknown): boolean {
  return (
    isPlain(written) && isPlain(seen) && written.set === seen.set && Object.keys(written).join() === 'set'
  );
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
