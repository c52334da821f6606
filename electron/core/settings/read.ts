import { defaultSettings, type Settings, settingsSchema } from '../../../shared/models/settings.ts';

export interface ReadSettings {
  settings: Settings;
  /** One phrase for each part that could not be used. */
  problems: string[];
}

/** Saved settings, part by part: a part that cannot be read falls back to its defaults, the others stay. */
export function readSettings(saved: unknown): ReadSettings {
  if (saved === null || saved === undefined) return { settings: defaultSettings, problems: [] };
  if (typeof saved !== 'object' || Array.isArray(saved)) {
    return { settings: defaultSettings, problems: ['the saved settings are not an object'] };
  }
  const whole = settingsSchema.safeParse(saved);
  if (whole.success) return { settings: whole.data, problems: [] };
  const parts: Record<string, unknown> = { ...saved };
  const broken = new Set(whole.error.issues.map((issue) => String(issue.path[0])));
  for (const part of broken) delete parts[part];
  return {
    settings: settingsSchema.parse(parts),
    problems: whole.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`),
  };
}

export type PatchResult =
  | { ok: true; settings: Settings }
  | { ok: false; problems: { path: string; message: string }[] };

/** Merges plain objects key by key, replaces everything else, refuses names that do not exist. */
export function applyPatch(settings: Settings, patch: Record<string, unknown>): PatchResult {
  const unknown = unknownFields(settings, patch, []);
  if (unknown.length > 0) {
    return {
      ok: false,
      problems: unknown.map((field) => ({ path: field, message: 'there is no such setting' })),
    };
  }
  const parsed = settingsSchema.safeParse(merge(settings, patch));
  if (parsed.success) return { ok: true, settings: parsed.data };
  return {
    ok: false,
    problems: parsed.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message })),
  };
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
    if (!Object.hasOwn(base, key)) return [[...path, key].join('.')];
    const before = base[key];
    return isPlain(before) && isPlain(value) ? unknownFields(before, value, [...path, key]) : [];
  });
}
