import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { Notice } from '../../../shared/contract/streams.ts';
import { createEmitter } from '../../../shared/emitter.ts';
import { fact } from '../../../shared/models/message.ts';
import type { SavedSettings, SecretSetting, Settings } from '../../../shared/models/settings.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/state.ts';
import type { Streams } from '../runtime/streams.ts';
import { applyPatch, type PatchResult, readSettings, type SecretChanges, showSettings } from './read.ts';
import type { SettingSecrets } from './setting-secrets.ts';

export interface SettingsService {
  /** The visible settings: for a secret, only whether it is set. */
  current(): Settings;
  /** The value of a secret; null for none, or if only its digest is known. Must not reach a stream or a log. */
  secret(name: SecretSetting): string | null;
  /** Merges a nested partial object; all or nothing. Throws BAD_SETTING naming each wrong field. */
  update(patch: Record<string, unknown>): Settings;
  /** The result of `update`, without applying it. */
  check(patch: Record<string, unknown>): PatchResult;
  /** Takes over settings that the caller has saved in its own transaction. */
  adopt(saved: SavedSettings): void;
  /** A secret was set or removed elsewhere. */
  secretsChanged(): void;
  /** A rule of another domain, called before each update is saved: it throws a coded error to refuse it. */
  addRule(rule: (settings: SavedSettings, previous: Settings) => void): void;
  onChange(listener: (settings: Settings, previous: Settings) => void): () => void;
  /** Problems found when the saved settings were read; null if there were none. */
  readonly notice: Notice | null;
}

export interface SettingsDependencies {
  store: Pick<Store, 'settings'>;
  secrets: SettingSecrets;
  streams: Pick<Streams, 'settings'>;
  log: Log;
}

export function createSettingsService({
  store,
  secrets,
  streams,
  log,
}: SettingsDependencies): SettingsService {
  const read = readSettings(store.settings.read());
  const show = (saved: SavedSettings) => showSettings(saved, secrets.has);
  let settings = show(read.settings);
  const rules: Parameters<SettingsService['addRule']>[0][] = [];
  const changed = createEmitter<[settings: Settings, previous: Settings]>({ name: 'settings', log });
  streams.settings.set('settings', settings);

  function publish(next: Settings): void {
    const previous = settings;
    settings = next;
    streams.settings.set('settings', settings);
    changed.emit(settings, previous);
  }

  /** All or nothing: restores the secrets if the settings cannot be saved. */
  function save(saved: SavedSettings, changes: SecretChanges): void {
    const undo = secrets.change(changes);
    try {
      store.settings.write(saved);
    } catch (error) {
      undo();
      throw error;
    }
  }

  return {
    notice:
      read.problems.length === 0
        ? null
        : {
            id: 'settings',
            code: 'BAD_SETTING',
            message: fact('SETTINGS_NOT_USED', { problems: read.problems }),
            next: fact('SET_SETTINGS_AGAIN'),
          },
    current: () => settings,
    secret: (name) => secrets.get(name),
    check: (patch) => applyPatch(settings, patch),
    adopt: (saved) => publish(show(saved)),
    secretsChanged() {
      const next = show(settings);
      if (JSON.stringify(next) !== JSON.stringify(settings)) publish(next);
    },
    update(patch) {
      const result = applyPatch(settings, patch);
      if (!result.ok) {
        throw new PilotlightError('BAD_SETTING', {
          message: fact('CANNOT_BE_SET', { fields: result.problems }),
          fields: result.problems,
        });
      }
      for (const rule of rules) rule(result.settings, settings);
      save(result.settings, result.secrets);
      publish(show(result.settings));
      return settings;
    },
    addRule: (rule) => void rules.push(rule),
    onChange: changed.on,
  };
}
