import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { Notice } from '../../../shared/contract/streams.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import type { Log, Store } from '../ports.ts';
import type { Streams } from '../runtime/streams.ts';
import { applyPatch, readSettings } from './read.ts';

export interface SettingsService {
  current(): Settings;
  /** Merges a nested partial object; all or nothing. Throws BAD_SETTING naming each wrong field. */
  update(patch: Record<string, unknown>): Settings;
  onChange(listener: (settings: Settings, previous: Settings) => void): () => void;
  /** What was wrong with the saved settings when they were read. */
  readonly notice: Notice | null;
}

export interface SettingsDependencies {
  store: Pick<Store, 'settings'>;
  streams: Pick<Streams, 'settings'>;
  log: Log;
}

export function createSettingsService({ store, streams, log }: SettingsDependencies): SettingsService {
  const read = readSettings(store.settings.read());
  let settings = read.settings;
  const listeners = new Set<(settings: Settings, previous: Settings) => void>();
  streams.settings.set('settings', settings);

  return {
    notice:
      read.problems.length === 0
        ? null
        : {
            id: 'settings',
            code: 'BAD_SETTING',
            message: `Some saved settings could not be used: ${read.problems.join('; ')}.`,
            next: 'Their defaults are in use; set them again in Settings.',
          },
    current: () => settings,
    update(patch) {
      const result = applyPatch(settings, patch);
      if (!result.ok) {
        throw new PilotlightError('BAD_SETTING', {
          message: `This cannot be set: ${result.problems.map((problem) => `${problem.path} (${problem.message})`).join(', ')}.`,
          details: { fields: result.problems },
        });
      }
      const previous = settings;
      store.settings.write(result.settings);
      settings = result.settings;
      streams.settings.set('settings', settings);
      for (const listener of listeners) {
        try {
          listener(settings, previous);
        } catch (error) {
          log.error('A listener of the settings failed.', { error });
        }
      }
      return settings;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
