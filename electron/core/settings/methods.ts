import type { Handlers } from '../runtime/handlers.ts';
import type { SettingsService } from './service.ts';

export function settingsMethods({
  settings,
}: {
  settings: SettingsService;
}): Handlers<'settings.get' | 'settings.update'> {
  return {
    'settings.get': () => settings.current(),
    'settings.update': (patch) => settings.update(patch),
  };
}
